/** An IPVS in memory that behaves like the kernel's as far as tests of commands need it. */
import { Errno, KernelError } from '../../src/errors.js';
import type { IpvsClient } from '../../src/ipvs/client.js';
import { destinationBody } from '../../src/ipvs/convert.js';
import { CommandAttributes } from '../../src/ipvs/schema.js';
import { DestinationCursor } from '../../src/ipvs/source/destination-cursor.js';
import { familyOf } from '../../src/model/address.js';
import { type Change, describeChange } from '../../src/model/change.js';
import type { Daemon } from '../../src/model/daemon.js';
import { type Destination, destinationKey } from '../../src/model/destination.js';
import {
  describeService,
  type Service,
  type ServiceId,
  serviceFamily,
  serviceKey,
} from '../../src/model/service.js';
import type { Stats } from '../../src/model/stats.js';
import type { DestinationEntry, Info, ServiceEntry, Timeouts } from '../../src/model/table.js';
import type { Batch } from '../../src/netlink/batch.js';
import { Writer } from '../../src/netlink/bytes.js';
import type { Refusal } from '../../src/netlink/connection.js';
import { DumpBuffer } from '../../src/netlink/dump-buffer.js';
import { GENL_HEADER } from '../../src/netlink/genl.js';
import { begin, finish, MessageCursor } from '../../src/netlink/message.js';
import { changesOf } from './changes-of.js';

export const noStats: Stats = {
  connections: 0n,
  inPackets: 0n,
  outPackets: 0n,
  inBytes: 0n,
  outBytes: 0n,
  connectionRate: 0n,
  inPacketRate: 0n,
  outPacketRate: 0n,
  inByteRate: 0n,
  outByteRate: 0n,
};

interface Row {
  service: ServiceEntry;
  readonly servers: Map<string, DestinationEntry>;
}

const schedulers = 'rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh none'.split(' ');

/** Adds a server as the kernel would send it. */
function addReply(replies: DumpBuffer, entry: DestinationEntry): void {
  const to = new Writer();
  const at = begin(to, { type: 0x1f, flags: 0, sequence: 0, port: 0 });
  to.zeros(GENL_HEADER);
  const { activeConnections, inactiveConnections, persistentConnections, stats } = entry;
  CommandAttributes.put(to, {
    destination: {
      ...destinationBody(entry),
      activeConnections,
      inactiveConnections,
      persistentConnections,
      stats64: stats,
    },
  });
  finish(to, at);
  const message = new MessageCursor(to.written());
  message.next();
  replies.add(message);
}

type Handlers = { readonly [D in Change['do']]: (change: Extract<Change, { do: D }>) => void };

export class FakeClient implements Pick<IpvsClient, keyof IpvsClient> {
  /** The sizes of the batches that came in. */
  readonly batches: number[] = [];
  tableSize = 4096;
  private readonly rows = new Map<string, Row>();
  private readonly running = new Map<Daemon['state'], Daemon>();
  private idle: Timeouts = { tcp: 900, tcpFin: 120, udp: 300 };

  /** The client as commands know it: the class has private parts that only itself can have. */
  get client(): IpvsClient {
    return this as unknown as IpvsClient;
  }

  /** Puts counters and connections where a change cannot. */
  set(
    id: ServiceId,
    stats: Partial<Stats>,
    servers: Readonly<Record<string, Partial<DestinationEntry>>> = {},
  ): void {
    const row = this.row(id, 'getService');
    row.service = { ...row.service, stats: { ...noStats, ...stats } };
    for (const [key, seen] of Object.entries(servers)) {
      const server = row.servers.get(key);
      if (server === undefined) throw new Error(`no server ${key}`);
      row.servers.set(key, { ...server, ...seen });
    }
  }

  async info(): Promise<Info> {
    return { version: { major: 1, minor: 2, patch: 1 }, connectionTableSize: this.tableSize };
  }

  async services(): Promise<ServiceEntry[]> {
    return [...this.rows.values()].map(({ service }) => service);
  }

  async service(id: ServiceId): Promise<ServiceEntry> {
    return this.row(id, 'getService').service;
  }

  async destinations(of: ServiceId): Promise<DestinationEntry[]> {
    return [...(this.rows.get(serviceKey(of))?.servers.values() ?? [])];
  }

  async settings(): Promise<Service[]> {
    return this.services();
  }

  async servers(
    of: readonly ServiceId[],
    take: (servers: DestinationCursor, index: number, from: number) => void,
  ): Promise<DestinationCursor> {
    const replies = new DumpBuffer();
    const entries: DestinationEntry[] = [];
    const servers = new DestinationCursor(replies, (index) => entries[index] as DestinationEntry);
    for (const [index, id] of of.entries()) {
      if (replies.count === 0) entries.length = 0;
      const from = replies.count;
      servers.serviceFamily = serviceFamily(id);
      for (const entry of await this.destinations(id)) {
        entries.push(entry);
        addReply(replies, entry);
      }
      take(servers, index, from);
    }
    return servers;
  }

  readonly options = undefined;

  async daemons(): Promise<Daemon[]> {
    return (['master', 'backup'] as const).flatMap((state) => this.running.get(state) ?? []);
  }

  async timeouts(): Promise<Timeouts> {
    return this.idle;
  }

  async apply(change: Change): Promise<void> {
    this.carryOut(change);
  }

  async applyAll(changes: readonly Change[]): Promise<(KernelError | undefined)[]> {
    this.batches.push(changes.length);
    return changes.map((change) => {
      try {
        this.carryOut(change);
        return undefined;
      } catch (error) {
        if (error instanceof KernelError) return error.about(describeChange(change));
        throw error;
      }
    });
  }

  async applyBatch(batch: Batch): Promise<Refusal[]> {
    const results = await this.applyAll(changesOf(batch));
    return results.flatMap((error, index) => (error === undefined ? [] : { index, error }));
  }

  close(): void {}

  private carryOut(change: Change): void {
    (this.handlers[change.do] as (change: Change) => void)(change);
  }

  private readonly handlers: Handlers = {
    addService: ({ service }) => this.putService(service, 'addService'),
    editService: ({ service }) => this.putService(service, 'editService'),
    deleteService: ({ id }) => {
      this.row(id, 'deleteService');
      this.rows.delete(serviceKey(id));
    },
    zeroService: ({ id }) => {
      this.row(id, 'zeroService');
    },
    addDestination: ({ of, destination }) => this.putServer(of, destination, 'addDestination'),
    editDestination: ({ of, destination }) => this.putServer(of, destination, 'editDestination'),
    deleteDestination: ({ of, id }) => {
      const gone = this.row(of, 'deleteDestination').servers.delete(destinationKey(id));
      if (!gone) throw new KernelError('deleteDestination', Errno.ENOENT);
    },
    startDaemon: ({ daemon }) => {
      if (this.running.has(daemon.state)) throw new KernelError('startDaemon', Errno.EEXIST);
      if (daemon.interface !== 'lo') throw new KernelError('startDaemon', Errno.ENODEV);
      if (daemon.state === 'master' && daemon.group?.includes(':')) {
        throw new KernelError('startDaemon', Errno.ENETUNREACH);
      }
      const maxLength =
        daemon.state === 'master' ? (daemon.maxLength ?? 1472) : Math.max(daemon.maxLength ?? 65507, 1024);
      const { group = '224.0.0.81', port = 8848, ttl = 1 } = daemon;
      this.running.set(daemon.state, { ...daemon, maxLength, group, port, ttl });
    },
    stopDaemon: ({ daemon }) => {
      if (!this.running.delete(daemon.state)) throw new KernelError('stopDaemon', Errno.ESRCH);
    },
    setTimeouts: ({ timeouts }) => {
      const given = Object.entries(timeouts).filter(([, seconds]) => seconds > 0);
      this.idle = { ...this.idle, ...Object.fromEntries(given) };
    },
    flush: () => this.rows.clear(),
    zeroAll: () => {},
  };

  private row(id: ServiceId, operation: string): Row {
    const row = this.rows.get(serviceKey(id));
    if (row === undefined) throw new KernelError(operation, Errno.ESRCH, describeService(id));
    return row;
  }

  private putService(service: Service, operation: 'addService' | 'editService'): void {
    const key = serviceKey(service.id);
    const known = this.rows.get(key);
    if (operation === 'addService' && known) throw new KernelError(operation, Errno.EEXIST);
    if (operation === 'editService' && !known) throw new KernelError(operation, Errno.ESRCH);
    const engine = service.persistence?.engine;
    if (!schedulers.includes(service.scheduler) || (engine !== undefined && engine !== 'sip')) {
      throw new KernelError(operation, Errno.ENOENT);
    }
    this.rows.set(key, { service: { ...service, stats: noStats }, servers: known?.servers ?? new Map() });
  }

  private putServer(
    of: ServiceId,
    server: Destination,
    operation: 'addDestination' | 'editDestination',
  ): void {
    const { servers } = this.row(of, operation);
    const key = destinationKey(server.id);
    if (operation === 'addDestination' && servers.has(key)) throw new KernelError(operation, Errno.EEXIST);
    if (operation === 'editDestination' && !servers.has(key)) throw new KernelError(operation, Errno.ENOENT);
    if (server.lowerThreshold > server.upperThreshold) throw new KernelError(operation, Errno.ERANGE);
    if (server.upperThreshold > 2147483647) throw new KernelError(operation, Errno.EINVAL);
    if (!unicast(server.id.address)) throw new KernelError(operation, Errno.EINVAL);
    if (server.method !== 'tun' && familyOf(server.id.address) !== serviceFamily(of)) {
      throw new KernelError(operation, Errno.EINVAL);
    }
    servers.set(key, {
      ...server,
      activeConnections: 0,
      inactiveConnections: 0,
      persistentConnections: 0,
      stats: noStats,
    });
  }
}

const unicast = (address: string): boolean =>
  !/^(0\.0\.0\.0$|22[4-9]\.|23\d\.|24\d\.|25\d\.|::$|ff|fe80:|::ffff:)/.test(address);
