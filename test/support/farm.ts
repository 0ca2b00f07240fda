/** A client behind a router; a director and two real servers on one link: the network of the set-up and doctor suites. */
import type { Change } from '../../src/model/change.js';
import { type Destination, plainTunnel, type Tunnel } from '../../src/model/destination.js';
import type { Ran } from './modern.js';
import type { Host } from './net/host.js';
import { Network } from './net/network.js';
import type { NetworkPlan } from './net/plan.js';
import { serverRow } from './rows.js';

const viaRouter = ['default via 10.1.0.254', 'default via fd01::fe'];
/** Strict reverse path filtering, as distributions have it: the tunnels' trap. */
const strict = { 'net.ipv4.conf.all.rp_filter': 1 };

/** The client's addresses. */
export const clients = ['192.0.2.9', '192.0.2.10'] as const;

const plan: NetworkPlan = {
  client: {
    on: { net: [...clients.map((address) => `${address}/24`), '2001:db8::9/64'] },
    routes: ['default via 192.0.2.1', 'default via 2001:db8::1'],
  },
  router: {
    on: { net: ['192.0.2.1/24', '2001:db8::1/64'], lan: ['10.1.0.254/24', 'fd01::fe/64'] },
    sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
  },
  director: { on: { lan: ['10.1.0.1/24', 'fd01::1/64'] }, routes: viaRouter },
  one: { on: { lan: ['10.1.0.7/24', 'fd01::7/64'] }, routes: viaRouter, sysctls: strict },
  two: { on: { lan: ['10.1.0.8/24', 'fd01::8/64'] }, routes: viaRouter, sysctls: strict },
};

export const servers = ['one', 'two'] as const;
export type ServerName = (typeof servers)[number];

export const addresses = {
  inet: { one: '10.1.0.7', two: '10.1.0.8' },
  inet6: { one: 'fd01::7', two: 'fd01::8' },
} as const;
export const vips = { inet: '10.1.0.10', inet6: 'fd01::10' } as const;
export const gateways = { inet: '10.1.0.1', inet6: 'fd01::1' } as const;

interface AskOptions {
  readonly port?: number;
  readonly parallel?: number;
  /** Milliseconds. */
  readonly timeout?: number;
  /** One of the client's addresses; that which its routes choose by default. */
  readonly from?: (typeof clients)[number];
}

export class Farm implements AsyncDisposable {
  private constructor(private readonly network: Network) {}

  /** Every real server answers with its name on port 80. */
  static async build(): Promise<Farm> {
    const farm = new Farm(await Network.build(plan));
    try {
      await Promise.all(
        servers.map(async (name) => (await farm.host(name).agent()).call('serveHttp', { name, port: 80 })),
      );
      return farm;
    } catch (error) {
      await farm[Symbol.asyncDispose]();
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.network[Symbol.asyncDispose]();
  }

  host(name: string): Host {
    return this.network.host(name);
  }

  /** The MAC address of a host on the servers' link. */
  mac(name: string): string {
    return this.network.mac(name, 'lan');
  }

  /** A modern subcommand on a host. */
  async lvsadm(name: string, ...words: string[]): Promise<Ran> {
    return (await this.host(name).agent()).call('lvsadm', ...words);
  }

  async change(...changes: Change[]): Promise<void> {
    await (await this.host('director').agent()).call('applyChanges', changes);
  }

  /** Requests of the client, one after another unless told otherwise: who answered, and what went wrong. */
  async ask(
    address: string,
    count: number,
    { port = 80, parallel = 1, timeout = 15_000, from }: AskOptions = {},
  ): Promise<{ answers: string[]; errors: string[] }> {
    const client = await this.host('client').agent();
    const { answers, errors } = await client.call('ask', {
      address,
      port,
      count,
      parallel,
      timeout,
      ...(from && { from }),
    });
    return { answers, errors };
  }
}

export function destination(
  address: string,
  method: Destination['method'],
  tunnel: Partial<Tunnel> = {},
  port = 80,
): Destination {
  return serverRow(address, port, { method, tunnel: { ...plainTunnel, ...tunnel } });
}
