/**
 * Differences between the table as the kernel reports it and desired state. All equivalences are here: values that the kernel
 * reports instead of those that were set, and that need no change.
 */
import { familyOf } from '../model/address.js';
import { type Daemon, kernelDaemonDefaults } from '../model/daemon.js';
import type { Destination } from '../model/destination.js';
import { destinationNumberNames, serviceSwitchNames } from '../model/fields.js';
import { flagNames } from '../model/schedulers.js';
import type { Service } from '../model/service.js';
import { automaticSettings, type Settings, settingValue } from '../model/settings.js';
import { type Timeouts, timeoutNames } from '../model/table.js';
import type { Difference } from './plan.js';

type Value = Difference['from'];
type Fields<T> = readonly { readonly field: string; readonly of: (thing: T) => Value }[];

/** The fields in which two things differ. */
function compare<T>(fields: Fields<T>, before: T, after: T): Difference[] {
  const differences: Difference[] = [];
  for (const { field, of } of fields) {
    const [from, to] = [of(before), of(after)];
    if (from !== to) differences.push({ field, from, to });
  }
  return differences;
}

const serviceFields: Fields<Service> = [
  { field: 'scheduler', of: ({ scheduler }) => scheduler },
  { field: 'schedulerFlags', of: (service) => flagNames(service).toSorted().join(', ') || undefined },
  { field: 'persistence.timeout', of: ({ persistence }) => persistence?.timeout },
  { field: 'persistence.netmask', of: ({ persistence }) => persistence?.netmask },
  { field: 'persistence.engine', of: ({ persistence }) => persistence?.engine },
  ...serviceSwitchNames.map((field) => ({ field, of: (service: Service) => service[field] })),
];

export const serviceDifferences = (before: Service, after: Service): Difference[] =>
  compare(serviceFields, before, after);

const destinationFields: Fields<Destination> = [
  { field: 'method', of: ({ method }) => method },
  ...destinationNumberNames.map((field) => ({ field, of: (server: Destination) => server[field] })),
  // Other methods have no encapsulation; the kernel may still report that of an earlier tunnel.
  { field: 'tunnel.type', of: ({ method, tunnel }) => (method === 'tun' ? tunnel.type : undefined) },
  { field: 'tunnel.port', of: ({ method, tunnel }) => (method === 'tun' ? tunnel.port : undefined) },
  { field: 'tunnel.checksum', of: ({ method, tunnel }) => (method === 'tun' ? tunnel.checksum : undefined) },
];

export const destinationDifferences = (before: Destination, after: Destination): Difference[] =>
  compare(destinationFields, isLocally(before, after) ? { ...before, method: after.method } : before, after);

/** If the server's address is the machine's own, the kernel reports `local` instead of the method that was set. */
const isLocally = (reported: Destination, wanted: Destination): boolean =>
  reported.method === 'local' && wanted.method !== 'bypass';

const daemonFields: Fields<Daemon> = [
  { field: 'interface', of: (daemon) => daemon.interface },
  { field: 'id', of: ({ syncId }) => syncId },
  { field: 'maxLength', of: ({ maxLength }) => maxLength },
  { field: 'group', of: ({ group }) => group },
  { field: 'port', of: ({ port }) => port },
  { field: 'ttl', of: ({ ttl }) => ttl },
];

export const daemonDifferences = (before: Daemon, after: Daemon): Difference[] =>
  compare(daemonFields, before, asStarted(after, before));

/** The daemon that the kernel reports once `wanted` is started. */
function asStarted(wanted: Daemon, reported: Daemon): Daemon {
  const group = wanted.group ?? kernelDaemonDefaults.group;
  return {
    ...wanted,
    group,
    port: wanted.port ?? kernelDaemonDefaults.port,
    ttl: wanted.ttl ?? kernelDaemonDefaults.ttl,
    // The default follows the interface's MTU: every value is right.
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

const timeoutFields: Fields<Partial<Timeouts>> = timeoutNames.map((field) => ({
  field,
  of: (timeouts) => timeouts[field],
}));

/** Differences of the timeouts that are desired at all. */
export const timeoutDifferences = (before: Timeouts, after: Partial<Timeouts>): Difference[] =>
  compare(timeoutFields, before, { ...before, ...after });

/** Differences of the settings that are desired at all. */
export const settingDifferences = (before: Settings, after: Settings): Difference[] =>
  Object.entries(after)
    .filter(([name, to]) => before[name] !== to && !isAutomatically(name, before[name], to))
    .map(([field, to]) => ({ field, from: settingValue(before[field]), to: settingValue(to) }));

/** Whether the kernel itself changes one value to the other. */
const isAutomatically = (name: string, from: string | undefined, to: string): boolean =>
  automaticSettings.includes(name) && [from, to].toSorted().join() === '1,2';
