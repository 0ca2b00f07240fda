// A director, three real servers and a client, and what a test does with them.
import type { Family } from '../../../src/model/address.js';
import type { Change } from '../../../src/model/change.js';
import { type Destination, plainTunnel, type Tunnel } from '../../../src/model/destination.js';
import type { EndpointId, Protocol, Service, ServiceId } from '../../../src/model/service.js';
import type { Agent } from '../net/agent.js';
import type { Capture } from '../net/capture.js';
import type { Host } from '../net/host.js';
import { Network } from '../net/network.js';
import type { Packet } from '../net/packet.js';
import {
  addressOf,
  allVips,
  clientNumbers,
  numbers,
  type ServerName,
  serverNames,
  vipOf,
} from './addresses.js';
import { ipsOf } from './headers.js';
import { type Method, type Shape, type ShapePlan, shapes } from './plans.js';
import { type Setup, setUp, tearDown } from './real-server.js';

/** The real servers' web servers listen on it. With NAT another than the service's, to show that it may. */
export const httpPorts: Record<Method, number> = { nat: 8080, dr: 80, tun: 80 };

/** All VIPs are the director's own, without an address for each on an interface. */
const vipsHere = allVips.map((vips) => `route add local ${vips} dev lo`);

export interface ServiceOptions {
  /** The cluster's own by default. */
  method?: Method;
  family?: Family;
  protocol?: Protocol;
  /** Of the service; 80 by default. */
  port?: number;
  scheduler?: string;
  /** How the director's packets travel when the real servers are reached by the other family, or by other means. */
  outer?: Family;
  tunnel?: Tunnel;
  weights?: Partial<Record<ServerName, number>>;
  /** Of the real servers; what httpPorts says by default. */
  serverPort?: number;
  /** Anything else about the service. */
  service?: Partial<Service>;
}

/** A virtual service that stands in the director's table, on a VIP that no other test uses. */
export interface VirtualService {
  id: EndpointId;
  vip: string;
  port: number;
}

export class Cluster implements AsyncDisposable {
  private vips = 0;
  private readonly setups: (() => Promise<void>)[] = [];
  private readonly captures = new Map<string, Capture>();

  private constructor(
    readonly shape: Shape,
    readonly network: Network,
    readonly client: Agent,
    readonly director: Agent,
  ) {}

  /** Builds the network for a method, and starts a web server on each real server. */
  static async build(shape: Shape): Promise<Cluster> {
    const network = await Network.build(shapes[shape].network);
    try {
      await network.host('director').ip(vipsHere);
      const [client, director] = await Promise.all([
        network.host('client').agent(),
        network.host('director').agent(),
        ...serverNames.map(async (name) =>
          (await network.host(name).agent()).call('serveHttp', {
            name,
            port: httpPorts[shapes[shape].method],
          }),
        ),
      ]);
      return new Cluster(shape, network, client, director);
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.network[Symbol.asyncDispose]();
  }

  private get plan(): ShapePlan {
    return shapes[this.shape];
  }

  server(name: ServerName): Host {
    return this.network.host(name);
  }

  /** A real server's own address. */
  serverAddress(name: ServerName, family: Family): string {
    return addressOf(this.plan.servers, numbers[name], family);
  }

  /** The director's address on the real servers' side. */
  directorAddress(family: Family): string {
    const { segment, number } = this.plan.director;
    return addressOf(segment, number, family);
  }

  /** One of the client's addresses. */
  clientAddress(family: Family, index = 0): string {
    return addressOf('outside', clientNumbers[index] ?? Number.NaN, family);
  }

  mac(host: string, segment: string): string {
    return this.network.mac(host, segment);
  }

  /** A VIP of this test's own. */
  newVip(family: Family): string {
    this.vips += 1;
    return vipOf(this.vips, family);
  }

  /** Sets the real servers up for a VIP, until reset. */
  async setUpServers(vip: string, options: ServiceOptions = {}): Promise<void> {
    const { family = 'inet', outer = family, tunnel = plainTunnel } = options;
    await Promise.all(
      serverNames.map(async (name) => {
        const setups: Record<Method, Setup> = {
          nat: { method: 'nat', gateway: this.directorAddress(family) },
          dr: { method: 'dr', vip },
          tun: { method: 'tun', vip, address: this.serverAddress(name, outer), tunnel },
        };
        this.setups.push(() => tearDown(this.server(name)));
        await setUp(this.server(name), setups[options.method ?? this.plan.method]);
      }),
    );
  }

  /** A service with the three real servers behind it: director and real servers, ready for clients. */
  async addService(options: ServiceOptions = {}): Promise<VirtualService> {
    const { family = 'inet', protocol = 'tcp', port = 80 } = options;
    const vip = this.newVip(family);
    const id: EndpointId = { protocol, address: vip, port };
    await this.setUpServers(vip, options);
    await this.direct(id, options);
    return { id, vip, port };
  }

  /** Adds a service and its real servers to the director's table. */
  direct(id: ServiceId, options: ServiceOptions = {}): Promise<void> {
    const { scheduler = 'rr', weights = {} } = options;
    const service: Service = { id, scheduler, schedulerFlags: [], onePacket: false, ...options.service };
    return this.apply([
      { do: 'addService', service },
      ...serverNames.map(
        (name): Change => ({
          do: 'addDestination',
          of: id,
          destination: this.destination(name, { ...options, weights: { [name]: 1, ...weights } }),
        }),
      ),
    ]);
  }

  /** A real server as a service's destination. */
  destination(name: ServerName, options: ServiceOptions = {}): Destination {
    const { family = 'inet', outer = family, tunnel = plainTunnel, weights = {} } = options;
    const { method = this.plan.method } = options;
    return {
      id: { address: this.serverAddress(name, outer), port: options.serverPort ?? httpPorts[method] },
      method,
      weight: weights[name] ?? 1,
      upperThreshold: 0,
      lowerThreshold: 0,
      tunnel,
    };
  }

  apply(changes: Change[]): Promise<void> {
    return this.director.call('applyChanges', changes);
  }

  /** Begins to record an interface, for as long as the cluster lives. */
  async record(host: string, segment: string): Promise<void> {
    this.captures.set(`${host} ${segment}`, await this.network.host(host).capture(segment));
  }

  /** What a recorded interface has carried that concerns all of these addresses: plain or in a tunnel. */
  async packetsOf(addresses: readonly string[], host: string, segment: string): Promise<Packet[]> {
    const capture = this.captures.get(`${host} ${segment}`);
    if (!capture) throw new Error(`${host} ${segment} is not recorded`);
    const concerns = (packet: Packet) => {
      const seen = ipsOf(packet).flatMap(({ source, destination }) => [source, destination]);
      return addresses.every((address) => seen.includes(address));
    };
    return (await capture.packets()).filter(concerns);
  }

  /** Empties the director's table. */
  flush(): Promise<void> {
    return this.apply([{ do: 'flush' }]);
  }

  /** Takes away what a test has set up: the director's table and the real servers' VIPs. */
  async reset(): Promise<void> {
    await this.flush();
    await Promise.all(this.setups.splice(0).map((undo) => undo()));
  }
}
