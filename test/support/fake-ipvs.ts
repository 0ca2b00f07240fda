/**
 * An IPVS that lives in memory, behind the same bytes as the kernel's: what is added is there, what is there twice is
 * EEXIST. It reads and writes with the project's own tables, so it proves nothing about bytes (the vectors do that);
 * it lets everything above the client be tested without a kernel.
 *
 *     const ipvs = new FakeIpvs();
 *     const client = await IpvsClient.open(ipvs.open);
 *
 * The rules are those of net/netfilter/ipvs/ip_vs_ctl.c.
 */

import { destinationIdBody, serviceIdBody } from '../../src/ipvs/convert.js';
import { callOf } from '../../src/ipvs/requests.js';
import {
  CommandAttributes,
  type CommandBody,
  codes,
  type DaemonBody,
  type DestinationBody,
  InfoAttributes,
  ipvsSchema,
  type ServiceBody,
} from '../../src/ipvs/schema.js';
import type { Change } from '../../src/model/change.js';
import type { DestinationId } from '../../src/model/destination.js';
import type { ServiceId } from '../../src/model/service.js';
import type { Stats } from '../../src/model/stats.js';
import type { AttributeSet, Infer } from '../../src/netlink/attributes.js';
import { Reader, Writer } from '../../src/netlink/bytes.js';
import type { OpenSocket } from '../../src/netlink/transport/socket.js';
import { FakeIpvsSocket } from './fake-ipvs-socket.js';
import { hex } from './wire.js';

/** Positive errno values that IPVS answers with. */
const E = { NOENT: 2, SRCH: 3, EXIST: 17, NODEV: 19, INVAL: 22, RANGE: 34, AFNOSUPPORT: 97 } as const;

/** Thrown by a rule that refuses; the socket makes an answer of it. */
export class Refused extends Error {
  constructor(readonly errno: number) {
    super(`errno ${errno}`);
  }
}

const refuseUnless = (condition: unknown, errno: number): void => {
  if (!condition) throw new Refused(errno);
};

interface FakeService {
  body: ServiceBody;
  readonly destinations: Map<string, DestinationBody>;
}

/** A reply: its command, and its attributes as bytes. */
export type FakeReply = readonly [command: number, attributes: Uint8Array];

/** What the kernel remembers of a destination beside its settings. */
export type Connections = Pick<
  DestinationBody,
  'activeConnections' | 'inactiveConnections' | 'persistentConnections'
>;

export class FakeIpvs {
  /** Whether the kernel has IPVS at all. */
  present = true;
  /** Whether the process has CAP_NET_ADMIN. */
  permitted = true;
  connectionTableSize = 4096;
  /** Messages in each datagram of a dump. */
  messagesPerDatagram = 3;
  readonly schedulers = new Set('none rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh twos'.split(' '));
  readonly engines = new Set(['sip']);
  readonly interfaces = new Set(['lo', 'eth0', 'eth1']);
  private readonly services = new Map<string, FakeService>();
  private readonly daemons = new Map<number, DaemonBody>();
  private timeouts = { tcpTimeout: 900, tcpFinTimeout: 120, udpTimeout: 300 };

  /** Any number of sockets may be open at once. */
  readonly open: OpenSocket = () => new FakeIpvsSocket(this);

  /** Somebody changes the table, without a socket of ours. @throws Refused */
  carryOut(change: Change): void {
    const { operation, body } = callOf(change);
    this.rules[operation as keyof typeof this.rules](body as CommandBody);
  }

  /** Adds to the counters of a service, or of one of its destinations. */
  count(service: ServiceId, counted: Partial<Stats>, destination?: DestinationId): void {
    const found = this.find(serviceIdBody(service));
    if (destination === undefined) found.body = { ...found.body, ...counters(counted, found.body.stats64) };
    else this.remember(found, destination, (body) => counters(counted, body.stats64));
  }

  /** Says how many connections a destination has. */
  connect(service: ServiceId, destination: DestinationId, connections: Connections): void {
    this.remember(this.find(serviceIdBody(service)), destination, () => connections);
  }

  /**
   * Carries out one request.
   * @throws Refused
   */
  handle(command: number, dump: boolean, payload: Uint8Array): FakeReply[] {
    const body = CommandAttributes.get(new Reader(payload), 0, payload.length);
    const rule = Object.entries(ipvsSchema.operations).find(
      ([name, row]) => row.command === command && (row.reply === 'dump') === dump && name !== 'zeroAll',
    );
    const name = rule?.[0] as keyof typeof ipvsSchema.operations | undefined;
    if (name === undefined) throw new Refused(E.INVAL);
    return this.rules[name](body) ?? [];
  }

  private readonly rules: Record<
    keyof typeof ipvsSchema.operations,
    (body: CommandBody) => FakeReply[] | undefined
  > = {
    addService: ({ service }) => {
      const settings = this.settings(service, {});
      refuseUnless(!this.services.has(serviceKey(settings)), E.EXIST);
      this.services.set(serviceKey(settings), {
        body: { ...settings, ...counters({}) },
        destinations: new Map(),
      });
      return undefined;
    },
    editService: ({ service }) => {
      const found = this.find(service);
      const { stats, stats64 } = found.body;
      found.body = { ...this.settings(service, found.body), stats, stats64 };
      return undefined;
    },
    deleteService: ({ service }) => {
      this.find(service);
      this.services.delete(serviceKey(service));
      return undefined;
    },
    getService: ({ service }) => [reply(1, CommandAttributes, { service: this.find(service).body })],
    getServices: () =>
      [...this.services.values()].map(({ body }) => reply(1, CommandAttributes, { service: body })),
    addDestination: ({ service, destination }) => {
      const { body, destinations } = this.find(service);
      const settings = this.destinationSettings(body, destination);
      refuseUnless(!destinations.has(destinationKey(settings)), E.EXIST);
      destinations.set(destinationKey(settings), { ...settings, ...idle, ...counters({}) });
      return undefined;
    },
    editDestination: ({ service, destination }) => {
      const { body, destinations } = this.find(service);
      const settings = this.destinationSettings(body, destination);
      const known = destinations.get(destinationKey(settings));
      if (known === undefined) throw new Refused(E.NOENT);
      const { tunnelType, tunnelPort, tunnelFlags, ...kept } = known;
      destinations.set(destinationKey(settings), { ...kept, ...settings });
      return undefined;
    },
    deleteDestination: ({ service, destination }) => {
      const { body, destinations } = this.find(service);
      const id = destinationId(body, destination);
      refuseUnless(destinations.delete(destinationKey(id)), E.NOENT);
      return undefined;
    },
    getDestinations: ({ service }) => {
      const found = service && this.services.get(serviceKey(service));
      return [...(found?.destinations.values() ?? [])].map((destination) =>
        reply(5, CommandAttributes, { destination }),
      );
    },
    startDaemon: ({ daemon = {} }) => {
      const { state, interface: name, syncId } = daemon;
      if (state === undefined || name === undefined || syncId === undefined) throw new Refused(E.INVAL);
      refuseUnless(!this.daemons.has(state), E.EXIST);
      refuseUnless(this.interfaces.has(name), E.NODEV);
      this.daemons.set(state, {
        maxLength: daemon.group6 ? 1452 : 1472,
        ...(daemon.group6 ? {} : { group: Uint8Array.of(224, 0, 0, 81) }),
        port: 8848,
        ttl: 1,
        ...daemon,
      });
      return undefined;
    },
    stopDaemon: ({ daemon }) => {
      if (daemon?.state === undefined) throw new Refused(E.INVAL);
      refuseUnless(this.daemons.delete(daemon.state), E.SRCH);
      return undefined;
    },
    getDaemons: () => [...this.daemons.values()].map((daemon) => reply(9, CommandAttributes, { daemon })),
    setTimeouts: ({ tcpTimeout, tcpFinTimeout, udpTimeout }) => {
      this.timeouts = {
        tcpTimeout: tcpTimeout || this.timeouts.tcpTimeout,
        tcpFinTimeout: tcpFinTimeout || this.timeouts.tcpFinTimeout,
        udpTimeout: udpTimeout || this.timeouts.udpTimeout,
      };
      return undefined;
    },
    getTimeouts: () => [reply(12, CommandAttributes, this.timeouts)],
    getInfo: () => [
      reply(14, InfoAttributes, { version: 0x010201, connectionTableSize: this.connectionTableSize }),
    ],
    zeroService: ({ service }) => {
      if (service === undefined) return this.rules.zeroAll({});
      zero(this.find(service));
      return undefined;
    },
    zeroAll: () => {
      for (const service of this.services.values()) zero(service);
      return undefined;
    },
    flush: () => {
      this.services.clear();
      return undefined;
    },
  };

  private find(service: ServiceBody | undefined): FakeService {
    const found = this.services.get(serviceKey(service));
    if (found === undefined) throw new Refused(E.SRCH);
    return found;
  }

  private remember(
    { destinations }: FakeService,
    id: DestinationId,
    more: (body: DestinationBody) => DestinationBody,
  ): void {
    const key = destinationKey(destinationIdBody(id));
    const body = destinations.get(key);
    if (body === undefined) throw new Refused(E.NOENT);
    destinations.set(key, { ...body, ...more(body) });
  }

  /** What a request says of a service, all of it. */
  private settings(asked: ServiceBody | undefined, before: ServiceBody): ServiceBody {
    serviceKey(asked);
    const { scheduler, flags, timeout, netmask, engine } = asked ?? {};
    if (scheduler === undefined || flags === undefined || timeout === undefined || netmask === undefined) {
      throw new Refused(E.INVAL);
    }
    refuseUnless(this.schedulers.has(scheduler), E.NOENT);
    refuseUnless(!engine || this.engines.has(engine), E.NOENT);
    const prefix = asked?.family === codes.family.inet6 ? new Reader(netmask).u32(0) : 1;
    refuseUnless(prefix >= 1 && prefix <= 128, E.INVAL);
    const kept = (before.flags?.bits ?? 0) & ~flags.mask;
    // Bit 1: the kernel's own note that the service is in its hash table.
    return { ...asked, flags: { bits: kept | (flags.bits & flags.mask) | 2, mask: 0xffffffff } };
  }

  private destinationSettings(service: ServiceBody, asked: DestinationBody | undefined): DestinationBody {
    const id = destinationId(service, asked);
    const { method, weight, upperThreshold, lowerThreshold } = asked ?? {};
    if (
      method === undefined ||
      weight === undefined ||
      upperThreshold === undefined ||
      lowerThreshold === undefined
    ) {
      throw new Refused(E.INVAL);
    }
    if (id.family !== service.family) {
      // Only a tunnel crosses families, and sync daemons cannot carry such connections.
      refuseUnless(method === codes.method.tun && this.daemons.size === 0, E.INVAL);
    }
    refuseUnless(weight <= 0x7fffffff && lowerThreshold <= upperThreshold, E.RANGE);
    refuseUnless(asked?.tunnelType !== codes.tunnelType.gue || asked.tunnelPort, E.INVAL);
    return { tunnelType: 0, tunnelPort: 0, tunnelFlags: 0, ...asked, ...id };
  }
}

const families: readonly number[] = Object.values(codes.family);

function serviceKey(service: ServiceBody | undefined): string {
  const { family, fwmark, protocol, address, port } = service ?? {};
  if (family === undefined) throw new Refused(E.INVAL);
  refuseUnless(families.includes(family), E.AFNOSUPPORT);
  if (fwmark) return `${family} ${fwmark}`;
  if (protocol === undefined || address === undefined || port === undefined) throw new Refused(E.INVAL);
  return `${family} ${protocol} ${addressKey(family, address)} ${port}`;
}

function destinationId(service: ServiceBody, asked: DestinationBody | undefined): DestinationBody {
  const { address, port, family = service.family } = asked ?? {};
  if (address === undefined || port === undefined) throw new Refused(E.INVAL);
  return { family, address, port };
}

const destinationKey = ({ family, address, port }: DestinationBody): string =>
  `${family} ${addressKey(family, address)} ${port}`;

/** The bytes that count: of an IPv4 address in its union only four. */
const addressKey = (family: number | undefined, address: Uint8Array = new Uint8Array()): string =>
  hex(family === codes.family.inet ? address.subarray(0, 4) : address);

const idle: Connections = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };

const names = [
  'connections',
  'inPackets',
  'outPackets',
  'inBytes',
  'outBytes',
  'connectionRate',
  'inPacketRate',
  'outPacketRate',
  'inByteRate',
  'outByteRate',
] as const satisfies readonly (keyof Stats)[];

/** Both sets of counters, the 32-bit ones as they wrap in the kernel. */
function counters(
  counted: Partial<Stats>,
  before: DestinationBody['stats64'] = {},
): Pick<DestinationBody, 'stats' | 'stats64'> {
  const exact = names.map((name) => [name, (before[name] ?? 0n) + (counted[name] ?? 0n)] as const);
  const narrow = exact.map(([name, value]) => [
    name,
    name === 'inBytes' || name === 'outBytes' ? value : Number(BigInt.asUintN(32, value)),
  ]);
  return { stats: Object.fromEntries(narrow), stats64: Object.fromEntries(exact) };
}

function zero(service: FakeService): void {
  service.body = { ...service.body, ...counters({}) };
  for (const [key, body] of service.destinations) service.destinations.set(key, { ...body, ...counters({}) });
}

function reply<S extends AttributeSet>(command: number, set: S, body: Infer<S>): FakeReply {
  const to = new Writer();
  set.put(to, body as never);
  return [command, to.written().slice()];
}
