/**
 * What counts as a difference between the table as the kernel reports it and what somebody wants. The equivalences all
 * live here: where the kernel reports something else than it was told, and yet nothing has to change.
 */
import { familyOf } from '../model/address.js';
import type { Daemon } from '../model/daemon.js';
import type { Destination, ForwardingMethod } from '../model/destination.js';
import type { Service } from '../model/service.js';
import type { Timeouts } from '../model/table.js';
import type { Difference } from './plan.js';

type Value = Difference['from'];
type Fields<T> = Readonly<Record<string, (of: T) => Value>>;

/** The fields in which two things differ. */
function compare<T>(fields: Fields<T>, before: T, after: T): Difference[] {
  return Object.entries(fields)
    .map(([field, of]) => ({ field, from: of(before), to: of(after) }))
    .filter(({ from, to }) => from !== to);
}

const serviceFields: Fields<Service> = {
  scheduler: ({ scheduler }) => scheduler,
  schedulerFlags: ({ schedulerFlags }) => schedulerFlags.toSorted().join(', ') || undefined,
  'persistence.timeout': ({ persistence }) => persistence?.timeout,
  'persistence.netmask': ({ persistence }) => persistence?.netmask,
  'persistence.engine': ({ persistence }) => persistence?.engine,
  onePacket: ({ onePacket }) => onePacket,
};

export const serviceDifferences = (before: Service, after: Service): Difference[] =>
  compare(serviceFields, before, after);

const destinationFields: Fields<Destination> = {
  method: ({ method }) => method,
  weight: ({ weight }) => weight,
  upperThreshold: ({ upperThreshold }) => upperThreshold,
  lowerThreshold: ({ lowerThreshold }) => lowerThreshold,
  // The other methods encapsulate nothing, whatever the kernel remembers of an earlier tunnel.
  'tunnel.type': ({ method, tunnel }) => (method === 'tun' ? tunnel.type : undefined),
  'tunnel.port': ({ method, tunnel }) => (method === 'tun' ? tunnel.port : undefined),
  'tunnel.checksum': ({ method, tunnel }) => (method === 'tun' ? tunnel.checksum : undefined),
};

export const destinationDifferences = (before: Destination, after: Destination): Difference[] =>
  compare(destinationFields, { ...before, method: methodMeant(before.method, after.method) }, after);

/** Kernels that find a server's address to be their own deliver locally and say so, whatever they were told. */
const methodMeant = (reported: ForwardingMethod, wanted: ForwardingMethod): ForwardingMethod =>
  reported === 'local' && wanted !== 'bypass' ? wanted : reported;

const daemonFields: Fields<Daemon> = {
  interface: (daemon) => daemon.interface,
  id: ({ syncId }) => syncId,
  maxLength: ({ maxLength }) => maxLength,
  group: ({ group }) => group,
  port: ({ port }) => port,
  ttl: ({ ttl }) => ttl,
};

/** What the kernel takes where it is told nothing: ip_vs_sync.c. */
const daemonDefaults = { group: '224.0.0.81', port: 8848, ttl: 1 } as const;

export const daemonDifferences = (before: Daemon, after: Daemon): Difference[] =>
  compare(daemonFields, before, asStarted(after, before));

/** The daemon that the kernel reports after it was told to start `wanted`. */
function asStarted(wanted: Daemon, reported: Daemon): Daemon {
  const group = wanted.group ?? daemonDefaults.group;
  return {
    ...wanted,
    group,
    port: wanted.port ?? daemonDefaults.port,
    ttl: wanted.ttl ?? daemonDefaults.ttl,
    // The default follows the interface's MTU: whichever it came to is right.
    maxLength:
      wanted.maxLength === undefined
        ? reported.maxLength
        : clampLength(wanted.maxLength, wanted.state, group),
  };
}

/** The kernel leaves room for the IP and UDP headers, and a backup's buffer has 1024 bytes at least. */
function clampLength(length: number, state: Daemon['state'], group: string): number {
  const headers = (familyOf(group) === 'inet' ? 20 : 40) + 8;
  return Math.min(Math.max(length, state === 'backup' ? 1024 : 1), 65535 - headers);
}

const timeoutFields: Fields<Partial<Timeouts>> = {
  tcp: ({ tcp }) => tcp,
  tcpFin: ({ tcpFin }) => tcpFin,
  udp: ({ udp }) => udp,
};

/** Only of those that are wanted at all. */
export const timeoutDifferences = (before: Timeouts, after: Partial<Timeouts>): Difference[] =>
  compare(timeoutFields, before, { ...before, ...after });
