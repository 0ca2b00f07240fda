/** The IPVS of one network namespace, through one generic-netlink socket. */
import { Errno, KernelError, ProtocolError, UnavailableError } from '../errors.js';
import { type Change, describeChange } from '../model/change.js';
import type { Daemon } from '../model/daemon.js';
import { describeService, type Service, type ServiceId } from '../model/service.js';
import type { DestinationEntry, Info, ServiceEntry, Timeouts } from '../model/table.js';
import { Batch } from '../netlink/batch.js';
import { Connection, type ConnectionOptions, type Refusal } from '../netlink/connection.js';
import { type Family, findFamily, findLoadedFamily } from '../netlink/genl.js';
import { type OpenSocket, Protocol } from '../netlink/transport/socket.js';
import { readDaemon, readInfo, readService, readSettings, readTimeouts, serviceIdBody } from './convert.js';
import { addChange, callOf } from './requests.js';
import { type IpvsOperations, ipvsSchema, ServiceSettings } from './schema.js';
import { DestinationCursor } from './source/destination-cursor.js';
import {
  type DestinationField,
  DestinationRecords,
  type DestinationSource,
  destinationFields,
} from './source/destination-records.js';
import { NetlinkSource } from './source/netlink.js';
import { type OptionSocket, SockoptSource } from './source/sockopt.js';

export interface ClientOptions extends ConnectionOptions {
  /** Makes the kernel load IPVS; called once when the kernel does not have it. Rejects if it cannot. */
  readonly loadModule?: () => Promise<void>;
  /**
   * Whether IPVS is loaded where the kernel does not have it yet, by the kernel itself or by `loadModule` (default: true). Reading a
   * table that cannot have entries is no reason to load it.
   */
  readonly autoload?: boolean;
  /**
   * Whether the kernel shows its table in /proc/net, which it does while IPVS is loaded. Without `autoload` it spares the list of
   * all families; where it is false that list decides: /proc may be missing, or another machine's.
   */
  readonly isInProc?: () => boolean;
  /** Undefined on platforms without getsockopt(2). Not used while a trace is written, so that the trace is complete. */
  readonly openOptions?: (() => OptionSocket) | undefined;
}

/**
 * Every method asks the kernel once and keeps nothing. Errors of all of them:
 * - KernelError: the kernel refused; `errno` says why and `object` what it was about
 * - UnavailableError `not-permitted`: the process lacks CAP_NET_ADMIN in the initial user namespace
 * - TransportError, ProtocolError: the conversation broke; the client is closed, and the effect of a change is unknown
 *
 * Calls may overlap; they are carried out one after another.
 */
export class IpvsClient {
  private optionSocket: OptionSocket | undefined;

  private constructor(
    private readonly connection: Connection,
    private readonly family: Family<IpvsOperations>,
    private readonly openOptions: (() => OptionSocket) | undefined,
  ) {}

  /**
   * Opens a socket in the process's network namespace and finds IPVS in the kernel.
   * @throws UnavailableError `no-ipvs` if the kernel has no IPVS and cannot load it
   */
  static async open(openSocket: OpenSocket, options: ClientOptions = {}): Promise<IpvsClient> {
    const connection = new Connection(await openSocket(Protocol.generic), options);
    try {
      const family = await findIpvs(connection, options);
      return new IpvsClient(connection, family, options.trace ? undefined : options.openOptions);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** IPVS's version, and the size of its connection table. */
  info(): Promise<Info> {
    return this.ask('the version', () => this.family.get('getInfo', {}, readInfo));
  }

  /** All virtual services, in the kernel's order, which means nothing. */
  services(): Promise<ServiceEntry[]> {
    return this.ask('the services', () =>
      this.family.dump('getServices', {}, (reply) => readWithin('service', readService, reply.service)),
    );
  }

  /** The same without counters. */
  settings(): Promise<Service[]> {
    return this.ask('the services', () =>
      this.family.dumpPart('getServices', {}, ServiceSettings, (reply) =>
        readWithin('service', readSettings, reply.service),
      ),
    );
  }

  /** One virtual service. @throws KernelError ESRCH if it does not exist */
  service(id: ServiceId): Promise<ServiceEntry> {
    return this.ask(describeService(id), () =>
      this.family.get('getService', { service: serviceIdBody(id) }, (reply) =>
        readWithin('service', readService, reply.service),
      ),
    );
  }

  /** The servers of a service, in the kernel's order; none if the service does not exist. */
  async destinations(of: ServiceId): Promise<DestinationEntry[]> {
    const entries: DestinationEntry[] = [];
    await this.servers([of], (servers) => {
      for (let index = 0; index < servers.count; index++) {
        servers.seek(index);
        entries.push(servers.entry());
      }
    });
    return entries;
  }

  /**
   * The servers of several services, one service after the other: `take` is called when those of the service at `index` are there,
   * at `from` and behind. A reader that needs them no more drops them.
   * @param fields fields to read besides identity and method (default: all); fewer are faster
   */
  async servers(
    of: readonly ServiceId[],
    take: (servers: DestinationCursor, index: number, from: number) => void,
    fields: readonly DestinationField[] = destinationFields,
  ): Promise<DestinationCursor> {
    const records = new DestinationRecords(fields);
    const cursor = new DestinationCursor(records);
    const sources = this.sources(of, records);
    let index = 0;
    const current = () => describeService(of[index] as ServiceId);
    await this.ask(current, async () => {
      for (; index < of.length; index++) {
        const from = records.count;
        const reading = readFirst(sources, of[index] as ServiceId);
        // A turn of the event loop for each of a thousand services would take longer than to read some of them.
        if (reading !== undefined) await reading;
        take(cursor, index, from);
      }
    });
    return cursor;
  }

  /** The sync daemons that run: none, one, or one of each state. */
  daemons(): Promise<Daemon[]> {
    return this.ask('the sync daemons', () =>
      this.family.dump('getDaemons', {}, (reply) => readWithin('daemon', readDaemon, reply.daemon)),
    );
  }

  timeouts(): Promise<Timeouts> {
    return this.ask('the timeouts', () => this.family.get('getTimeouts', {}, readTimeouts));
  }

  /**
   * Carries out one change. @throws KernelError for a refusal: EEXIST (exists already), ESRCH (no such service),
   * ENOENT (no such destination or scheduler), EINVAL (values that do not go together), and others
   */
  apply(change: Change): Promise<void> {
    return this.ask(describeChange(change), () => this.family.acknowledge(callOf(change)));
  }

  /**
   * Carries out changes in order, many to a system call; those after a refused one are carried out all the same.
   * @returns for each change undefined, or the refusal
   */
  async applyAll(changes: readonly Change[]): Promise<(KernelError | undefined)[]> {
    const batch = new Batch();
    for (const change of changes) addChange(batch, change);
    const results: (KernelError | undefined)[] = new Array(changes.length).fill(undefined);
    for (const { index, error } of await this.applyBatch(batch)) {
      results[index] = error.about(describeChange(changes[index] as Change));
    }
    return results;
  }

  /**
   * The same for changes that `addChange` has written already.
   * @returns the refusals, in order, without their objects
   */
  async applyBatch(batch: Batch): Promise<Refusal[]> {
    const refusals = await this.family.batch(batch);
    for (const { error } of refusals) if (error.errno === Errno.EPERM) throw notPermitted(error);
    return refusals;
  }

  close(): void {
    this.optionSocket?.close();
    this.optionSocket = undefined;
    this.connection.close();
  }

  /** The sources of servers, the fastest first; the last one supports everything. */
  private sources(of: readonly ServiceId[], records: DestinationRecords): DestinationSource[] {
    const netlink = new NetlinkSource(this.family, records);
    if (of.length === 0) return [netlink];
    this.optionSocket ??= this.openOptions?.();
    const sockopt = this.optionSocket && SockoptSource.open(this.optionSocket, of, records);
    return sockopt === undefined ? [netlink] : [sockopt, netlink];
  }

  /** Adds the object to a refusal. */
  private async ask<T>(object: string | (() => string), question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      throw error.errno === Errno.EPERM
        ? notPermitted(error)
        : error.about(typeof object === 'string' ? object : object());
    }
  }
}

/** Reads the servers of a service from the first source that supports them. */
function readFirst(sources: readonly DestinationSource[], of: ServiceId): Promise<void> | undefined {
  for (const source of sources) {
    const reading = source.read(of);
    if (reading !== 'unsupported') return reading === 'read' ? undefined : reading;
  }
  throw new Error('no source supports these fields');
}

async function findIpvs(
  connection: Connection,
  { autoload = true, isInProc, loadModule }: ClientOptions,
): Promise<Family<IpvsOperations>> {
  if (!autoload && !isInProc?.()) {
    const loaded = await findLoadedFamily(connection, ipvsSchema);
    if (loaded === undefined) throw noIpvs('its module is not loaded');
    return loaded;
  }
  const found = await lookUp(connection);
  if (found !== undefined) return found;
  if (!autoload || loadModule === undefined) throw noIpvs();
  await loadModule().catch((error) => {
    throw noIpvs(error instanceof Error ? error.message : String(error));
  });
  const loaded = await lookUp(connection);
  if (loaded === undefined) throw noIpvs();
  return loaded;
}

/** The family of IPVS; undefined if the kernel does not have it. */
async function lookUp(connection: Connection): Promise<Family<IpvsOperations> | undefined> {
  try {
    return await findFamily(connection, ipvsSchema);
  } catch (error) {
    if (error instanceof KernelError && error.errno === Errno.ENOENT) return undefined;
    throw error;
  }
}

const noIpvs = (why?: string): UnavailableError =>
  new UnavailableError('no-ipvs', ['the kernel has no IPVS', why].filter(Boolean).join(': '));

const notPermitted = (error: KernelError): UnavailableError =>
  new UnavailableError(
    'not-permitted',
    `${error.operation} needs CAP_NET_ADMIN in the initial user namespace`,
  );

/** Reads a required part of a reply. Errors in it have the part's name in their path. */
function readWithin<B, T>(part: string, read: (body: B) => T, body: B | undefined): T {
  if (body === undefined) throw new ProtocolError('missing', [part]);
  try {
    return read(body);
  } catch (error) {
    throw error instanceof ProtocolError ? error.within(part) : error;
  }
}
