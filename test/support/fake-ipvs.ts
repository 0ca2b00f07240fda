/**
 * The IPVS of a kernel, in memory, behind the kernel's netlink messages. It encodes and decodes with the project's own tables, so
 * it proves nothing about bytes (the vectors do that); it lets everything above the client be tested without a kernel.
 *
 *     const ipvs = new FakeIpvs();
 *     const client = await ipvs.client();
 *
 * The rules are those of net/netfilter/ipvs/ip_vs_ctl.c and ip_vs_sync.c. What differs from one kernel or machine to another is
 * a public field, which a test may change at any time.
 */

import { type ClientOptions, IpvsClient } from '../../src/ipvs/client.js';
import { codes } from '../../src/ipvs/codes.js';
import { destinationIdBody, serviceIdBody } from '../../src/ipvs/convert.js';
import { callOf } from '../../src/ipvs/requests.js';
import {
  CommandAttributes,
  type CommandBody,
  type DaemonBody,
  type DestinationBody,
  InfoAttributes,
  ipvsSchema,
  type ServiceBody,
} from '../../src/ipvs/schema.js';
import type { Family } from '../../src/model/address.js';
import type { Change } from '../../src/model/change.js';
import type { DestinationId } from '../../src/model/destination.js';
import { type DestinationCount, destinationNumberNames } from '../../src/model/fields.js';
import { INT_MAX, U32_MAX } from '../../src/model/limits.js';
import { persistenceEngines, schedulers } from '../../src/model/schedulers.js';
import type { ServiceId } from '../../src/model/service.js';
import type { Stats } from '../../src/model/stats.js';
import { Reader } from '../../src/netlink/bytes.js';
import type { OpenSocket } from '../../src/netlink/transport/socket.js';
import {
  addressText,
  counters,
  destinationId,
  destinationKey,
  E,
  encode,
  type FakeReply,
  type FakeService,
  fresh,
  isHostAddress,
  Refused,
  refuseUnless,
  reply,
  serviceKey,
  serviceReply,
  syncMaxLength,
  untouched,
  zero,
} from './fake-ipvs-rows.js';
import { FakeIpvsSocket } from './fake-ipvs-socket.js';

type Operation = keyof typeof ipvsSchema.operations;
/** `zeroAll` is a `zeroService` that names none. */
const operationNames = (Object.keys(ipvsSchema.operations) as Operation[]).filter(
  (name) => name !== 'zeroAll',
);

export class FakeIpvs {
  /** Whether the kernel has IPVS at all. */
  present = true;
  /** Whether the process has CAP_NET_ADMIN. */
  permitted = true;
  connectionTableSize = 4096;
  /** The order of a dump: newer kernels' depends on a random number. */
  order: <T>(rows: readonly T[]) => readonly T[] = (rows) => rows;
  /** Messages in each datagram of a dump. */
  messagesPerDatagram = 3;
  readonly schedulers = new Set([...schedulers, 'none']);
  readonly engines = new Set(persistenceEngines);
  /** Largest threshold of a server: newer kernels refuse more than INT_MAX. */
  thresholdMax = U32_MAX;
  /** Interfaces for sync daemons, and the MTU of each. */
  readonly interfaces = new Map([
    ['lo', 65536],
    ['eth0', 1500],
    ['eth1', 1500],
  ]);
  /** Families in which there is a route to multicast groups. */
  readonly multicastRoutes = new Set<Family>(['inet', 'inet6']);
  /** Requests that changed something, and requests that were refused. */
  changes = 0;
  refusals = 0;
  private readonly services = new Map<string, FakeService>();
  private readonly daemons = new Map<number, DaemonBody>();
  private timeouts = { tcpTimeout: 900, tcpFinTimeout: 120, udpTimeout: 300 };

  /** Any number of sockets may be open at once. */
  readonly open: OpenSocket = () => new FakeIpvsSocket(this);

  /** A client with a socket of its own. */
  client(options?: ClientOptions): Promise<IpvsClient> {
    return IpvsClient.open(this.open, options);
  }

  /** Another IPVS with the same table, daemons and timeouts. */
  copy(): FakeIpvs {
    const copy = new FakeIpvs();
    for (const [key, { body, destinations }] of this.services) {
      copy.services.set(key, { body, destinations: new Map(destinations) });
    }
    for (const [state, daemon] of this.daemons) copy.daemons.set(state, daemon);
    copy.timeouts = this.timeouts;
    return copy;
  }

  /** Another program changes the table. @throws Refused */
  carryOut(change: Change): void {
    const { operation, body } = callOf(change);
    this.handle(
      ipvsSchema.operations[operation].command,
      false,
      encode(CommandAttributes, body as CommandBody),
    );
  }

  /** Adds to the counters of a service, or of one of its destinations. */
  count(service: ServiceId, counted: Partial<Stats>, destination?: DestinationId): void {
    const found = this.find(serviceIdBody(service));
    if (destination === undefined) found.body = { ...found.body, ...counters(counted, found.body.stats64) };
    else this.remember(found, destination, (body) => counters(counted, body.stats64));
  }

  /** Sets how many connections a destination has. */
  connect(
    service: ServiceId,
    destination: DestinationId,
    connections: Partial<Record<DestinationCount, number>>,
  ): void {
    this.remember(this.find(serviceIdBody(service)), destination, () => connections);
  }

  /**
   * Carries out one request.
   * @throws Refused
   */
  handle(command: number, dump: boolean, payload: Uint8Array): FakeReply[] {
    const body = CommandAttributes.get(new Reader(payload), 0, payload.length);
    const name = operationNames.find((name) => {
      const row = ipvsSchema.operations[name];
      return row.command === command && (row.reply === 'dump') === dump;
    });
    try {
      if (name === undefined) throw new Refused(E.INVAL);
      const replies = this.rules[name](body) ?? [];
      if (!name.startsWith('get')) this.changes++;
      return replies;
    } catch (error) {
      this.refusals++;
      throw error;
    }
  }

  private readonly rules: Record<Operation, (body: CommandBody) => FakeReply[] | undefined> = {
    addService: ({ service }) => {
      const settings = this.settings(service, {}, 'new');
      this.services.set(serviceKey(settings), {
        body: { ...settings, ...untouched },
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
    getService: ({ service }) => [serviceReply(this.find(service).body)],
    getServices: () => this.order([...this.services.values()]).map(({ body }) => serviceReply(body)),
    addDestination: ({ service, destination }) => {
      const { body, destinations } = this.find(service);
      const settings = this.destinationSettings(body, destination);
      refuseUnless(!destinations.has(destinationKey(settings)), E.EXIST);
      destinations.set(destinationKey(settings), { ...fresh, ...settings });
      return undefined;
    },
    editDestination: ({ service, destination }) => {
      const { body, destinations } = this.find(service);
      const settings = this.destinationSettings(body, destination);
      const known = destinations.get(destinationKey(settings));
      if (known === undefined) throw new Refused(E.NOENT);
      destinations.set(destinationKey(settings), { ...known, ...settings });
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
      return this.order([...(found?.destinations.values() ?? [])]).map((destination) =>
        reply(5, CommandAttributes, { destination }, destination),
      );
    },
    startDaemon: ({ daemon = {} }) => {
      const { state, interface: name, syncId } = daemon;
      if (state === undefined || name === undefined || syncId === undefined) throw new Refused(E.INVAL);
      refuseUnless(!this.daemons.has(state), E.EXIST);
      const mtu = this.interfaces.get(name);
      if (mtu === undefined) throw new Refused(E.NODEV);
      const isMaster = state === codes.daemonState.master;
      // A master sends to its group; a backup only joins it.
      refuseUnless(!isMaster || this.multicastRoutes.has(daemon.group6 ? 'inet6' : 'inet'), E.NETUNREACH);
      this.daemons.set(state, {
        ...(daemon.group6 ? {} : { group: Uint8Array.of(224, 0, 0, 81) }),
        port: 8848,
        ttl: 1,
        ...daemon,
        maxLength: syncMaxLength(daemon, isMaster ? 1500 : mtu),
      });
      return undefined;
    },
    stopDaemon: ({ daemon }) => {
      if (daemon?.state === undefined) throw new Refused(E.INVAL);
      refuseUnless(this.daemons.delete(daemon.state), E.SRCH);
      return undefined;
    },
    getDaemons: () =>
      Object.values(codes.daemonState)
        .map((state) => this.daemons.get(state))
        .filter((daemon) => daemon !== undefined)
        .map((daemon) => reply(9, CommandAttributes, { daemon })),
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
  private settings(asked: ServiceBody | undefined, before: ServiceBody, isNew?: 'new'): ServiceBody {
    serviceKey(asked);
    const { scheduler, flags, timeout, netmask, engine } = asked ?? {};
    if (scheduler === undefined || flags === undefined || timeout === undefined || netmask === undefined) {
      throw new Refused(E.INVAL);
    }
    // The kernel looks for the service before it looks for its scheduler.
    refuseUnless(!isNew || !this.services.has(serviceKey(asked)), E.EXIST);
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
    const { method, weight = 0, upperThreshold = 0, lowerThreshold = 0 } = asked ?? {};
    refuseUnless(
      method !== undefined && destinationNumberNames.every((name) => asked?.[name] !== undefined),
      E.INVAL,
    );
    refuseUnless(isHostAddress(addressText(id.family, id.address)), E.INVAL);
    if (id.family !== service.family) {
      // Only a tunnel crosses families, and sync daemons cannot carry such connections.
      refuseUnless(method === codes.method.tun && this.daemons.size === 0, E.INVAL);
    }
    refuseUnless(weight <= INT_MAX && lowerThreshold <= upperThreshold, E.RANGE);
    refuseUnless(upperThreshold <= this.thresholdMax, E.INVAL);
    refuseUnless(asked?.tunnelType !== codes.tunnelType.gue || asked.tunnelPort, E.INVAL);
    return { tunnelType: 0, tunnelPort: 0, tunnelFlags: 0, ...asked, ...id };
  }
}
