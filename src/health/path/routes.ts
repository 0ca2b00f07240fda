/** In the prober's namespace: a link into the servers' network, and a routing table for each server. */
import { HostError } from '../../errors.js';
import { addressBytes, type Family, familyOf } from '../../model/address.js';
import type { Leg } from '../../model/check.js';
import { isInNetwork, type Network, parseNetwork } from '../../model/network.js';
import type { ServerPath } from '../../model/server-path.js';
import type { Machine } from '../../system/machine.js';
import type { RouteClient } from '../../system/rtnetlink/client.js';
import { interfaceSetting } from '../../system/sysctl.js';
import { tunnelLink } from './tunnel-link.js';

/** Name of the link into the servers' network. */
export const LEG = 'leg';

/** The source ports of a server's connections choose its routing table. */
const PORTS = 24;
const FIRST_PORT = 1024;
/** Most servers: as many as there are ports for. */
const WAYS = Math.floor((65_536 - FIRST_PORT) / PORTS);

const FIRST_TABLE = 1000;
const PRIORITY = { icmp: 99, ports: 100 } as const;

/** A packet that a server forwards, because it does not have the virtual address, must not come to a director. */
const HOP_LIMIT = 1;

/** Settings of the namespace: replies come by the leg, whatever the way to the server; the leg announces its addresses. */
const settings: readonly (readonly [path: string, value: string])[] = [
  [interfaceSetting('ipv4', 'all', 'rp_filter'), '0'],
  [interfaceSetting('ipv4', 'default', 'rp_filter'), '0'],
  // The few ports of a server are used again at once: TIME_WAIT would keep them for a minute if the server has no TCP timestamps.
  ['net/ipv4/tcp_max_tw_buckets', '0'],
  [interfaceSetting('ipv4', 'all', 'arp_notify'), '1'],
  ...['all', 'default'].flatMap((name): [string, string][] => [
    [interfaceSetting('ipv6', name, 'accept_ra'), '0'],
    [interfaceSetting('ipv6', name, 'accept_dad'), '0'],
    [interfaceSetting('ipv6', name, 'ndisc_notify'), '1'],
  ]),
];

/** The way to a server, and the ports from which connections take it. */
export class Way {
  private readonly taken = new Set<number>();
  private next = 0;

  constructor(
    readonly table: number,
    readonly ports: readonly [first: number, last: number],
    /** Local address of its connections. */
    readonly source: string,
  ) {}

  /** Runs with a port that no other run on this way has. @throws HostError if all are in use */
  async withPort<T>(run: (port: number) => Promise<T>): Promise<T> {
    const port = this.free();
    this.taken.add(port);
    try {
      return await run(port);
    } finally {
      this.taken.delete(port);
    }
  }

  private free(): number {
    for (let tries = 0; tries < PORTS; tries++) {
      const port = this.ports[0] + this.next;
      this.next = (this.next + 1) % PORTS;
      if (!this.taken.has(port)) return port;
    }
    throw new HostError('check a server', `all ${PORTS} source ports of the way to it are in use`);
  }
}

/** A way with what undoes it. */
interface MadeWay {
  readonly way: Way;
  remove(): Promise<void>;
}

export class PathRoutes {
  private readonly ways = new Numbered<MadeWay>();
  private readonly tunnels = new Numbered<string>();
  private readonly sources = new Map<Family, string>();
  private readonly networks: Network[] = [];
  /** Removes the rule for ICMP. */
  private dropIcmpRule: (() => Promise<void>) | undefined;

  private constructor(
    private readonly machine: Machine,
    private readonly route: RouteClient,
  ) {}

  static async prepare(machine: Machine): Promise<PathRoutes> {
    for (const [path, value] of settings) {
      // A kernel without IPv6 has no settings of it.
      if ((await machine.sysctls.read(path)) !== undefined) await machine.sysctls.write(path, value);
    }
    const route = await machine.route();
    await route.setLinkUp('lo', true);
    return new PathRoutes(machine, route);
  }

  /** Gives the leg its addresses, unless another machine has one of them. @throws HostError, KernelError */
  async openLeg({ address: addresses, gateway, link }: Leg): Promise<void> {
    const { route } = this;
    await route.setLinkUp(LEG, true);
    for (const each of addresses) {
      const [address = '', prefix] = each.split('/');
      const owner = await this.macOf(address);
      if (owner !== undefined) throw new HostError(`use the address ${address}`, `${owner} has it`);
      await route.addAddress({ address, prefix: Number(prefix), device: LEG, scope: 'global' });
      this.sources.set(familyOf(address), address);
      this.networks.push(parseNetwork(each));
    }
    // Others may have the MAC address of an earlier leg. An ipvlan has that of the interface, always.
    if (link === 'macvlan') await route.repeatMac(LEG);
    if (gateway !== undefined) {
      await route.replaceDefaultRoute({ gateway, device: LEG, metric: familyOf(gateway) === 'inet' ? 0 : 1 });
    }
  }

  /** Address of the leg for connections to this address. @throws HostError if the leg has none of its family */
  sourceFor(address: string): string {
    const family = familyOf(address);
    const source = this.sources.get(family);
    if (source !== undefined) return source;
    const name = family === 'inet' ? 'IPv4' : 'IPv6';
    throw new HostError(`send to ${address}`, `the leg has no ${name} address`);
  }

  /** The way to a server, made at its first use. @throws HostError, KernelError */
  async to(path: ServerPath): Promise<Way> {
    return (await this.ways.get(keyOf(path), (index) => this.makeWay(path, index))).way;
  }

  /** Removes all other ways, and the tunnels that only they use. One that cannot be removed keeps its number. */
  async keep(paths: readonly ServerPath[]): Promise<void> {
    await this.ways.keep(new Set(paths.map(keyOf)), ({ remove }) => remove());
    const tunnels = paths.filter(({ tunnel }) => tunnel !== undefined).map((path) => this.endsOf(path));
    await this.tunnels.keep(new Set(tunnels), (name) => this.route.deleteLink(name));
  }

  /** Sends ICMP by this way, too, and by no other. */
  async sendIcmpBy({ table }: Way, { vip }: ServerPath): Promise<void> {
    await this.dropIcmpRule?.();
    const rule = { family: familyOf(vip), table, priority: PRIORITY.icmp, icmp: true } as const;
    await this.route.addRule(rule);
    this.dropIcmpRule = () => this.route.deleteRule(rule);
  }

  /** Whether an address is in a network of the leg. */
  isOnLink(address: string): boolean {
    const [family, bytes] = [familyOf(address), addressBytes(address)];
    return this.networks.some((network) => isInNetwork(network, family, bytes));
  }

  /** The MAC address that answers for an address in the leg's network; undefined if none does. */
  async macOf(address: string): Promise<string | undefined> {
    await this.route.requestNeighbour(address, LEG);
    for (let waited = 0; waited < PATIENCE; waited += LOOK) {
      await new Promise((resolve) => setTimeout(resolve, LOOK));
      const mac = await this.knownMac(address);
      if (mac !== undefined) return mac;
    }
    return undefined;
  }

  private async knownMac(address: string): Promise<string | undefined> {
    const neighbours = await this.route.neighbours();
    return neighbours.find((one) => one.address === address && one.device === LEG && one.state !== 'failed')
      ?.mac;
  }

  private async makeWay(path: ServerPath, index: number): Promise<MadeWay> {
    const { vip, server, tunnel } = path;
    if (index >= WAYS) throw new HostError('check a server', `there are ways to ${WAYS} servers already`);
    const source = this.sourceFor(vip);
    const first = FIRST_PORT + index * PORTS;
    const way = new Way(FIRST_TABLE + index, [first, first + PORTS - 1], source);
    const device = tunnel === undefined ? LEG : await this.tunnelTo(path);
    const { table, ports: sourcePorts } = way;
    const gateway = tunnel === undefined ? server : undefined;
    const toVip = { destination: vip, gateway, device, table, hopLimit: HOP_LIMIT };
    const rule = { family: familyOf(vip), table, priority: PRIORITY.ports, sourcePorts };
    await this.route.addHostRoute(toVip);
    await orUndo(
      () => this.route.addRule(rule),
      () => this.route.deleteHostRoute(toVip),
    );
    const remove = async (): Promise<void> => {
      await this.route.deleteRule(rule);
      await this.route.deleteHostRoute(toVip);
    };
    return { way, remove };
  }

  /** Equal for paths that share a tunnel. */
  private endsOf(path: ServerPath): string {
    const { name: _, ...ends } = tunnelLink('', this.sourceFor(path.server), path);
    return JSON.stringify(ends);
  }

  /** Several virtual addresses share the tunnel to a server. @returns the name of the link */
  private tunnelTo(path: ServerPath): Promise<string> {
    const local = this.sourceFor(path.server);
    return this.tunnels.get(this.endsOf(path), async (index) => {
      const made = tunnelLink(`tunnel${index}`, local, path);
      if (made.gue !== undefined) await this.machine.loadModule(made.kind === 'ip6tnl' ? 'fou6' : 'fou');
      await this.route.createLink(made);
      await orUndo(
        () => this.route.setLinkUp(made.name, true),
        () => this.route.deleteLink(made.name),
      );
      return made.name;
    });
  }
}

/** Milliseconds within which a machine on the link answers, and from one look to the next. */
const PATIENCE = 400;
const LOOK = 50;

/** Runs a step; if it fails, the one before it is undone as far as it can be. */
async function orUndo(step: () => Promise<void>, undo: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    await undo().catch(() => {});
    throw error;
  }
}

const keyOf = (path: ServerPath): string => JSON.stringify(path);

/** Things that are made once for each key, each with a number of its own. */
class Numbered<T> {
  private readonly made = new Map<string, { readonly number: number; readonly making: Promise<T> }>();
  /** Numbers of those that are not there any more, for the next ones. */
  private readonly free: number[] = [];
  private next = 0;

  /** A failure is not kept. */
  get(key: string, make: (index: number) => Promise<T>): Promise<T> {
    const found = this.made.get(key);
    if (found !== undefined) return found.making;
    const number = this.free.pop() ?? this.next++;
    const making = make(number);
    this.made.set(key, { number, making });
    making.catch(() => {
      this.made.delete(key);
      this.free.push(number);
    });
    return making;
  }

  /** Removes those of other keys. @param remove of one that rejects the number is not used again */
  async keep(keys: ReadonlySet<string>, remove: (thing: T) => Promise<void>): Promise<void> {
    for (const [key, { number, making }] of [...this.made]) {
      if (keys.has(key)) continue;
      const thing = await making.catch(() => undefined);
      if (thing === undefined) continue;
      this.made.delete(key);
      await remove(thing).then(
        () => this.free.push(number),
        () => {},
      );
    }
  }
}
