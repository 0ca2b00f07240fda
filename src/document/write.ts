/** State as a document. Defaults are written as well, so that reading it anywhere gives the same state. */
import type { Daemon } from '../model/daemon.js';
import { type Destination, destinationKey } from '../model/destination.js';
import {
  type DestinationNumber,
  destinationNumberNames,
  destinationNumbers,
  type ServiceSwitch,
  serviceSwitchNames,
} from '../model/fields.js';
import { destinationOrder, serviceOrder, sortedBy, textOrder } from '../model/order.js';
import { flagNames } from '../model/schedulers.js';
import type { Persistence, Service } from '../model/service.js';
import { formatService } from '../model/service-uri.js';
import { type Settings, settingValue } from '../model/settings.js';
import type { ServiceState, State } from '../model/state.js';
import type { DaemonValue, DocumentValue, ServiceValue } from './schema.js';

/** The document, as `document` in schema.ts takes it; sorted by identity. */
export const documentOf = ({ services, daemons, timeouts, settings }: State): DocumentValue => ({
  ...(settings && { settings: settingsValue(settings) }),
  timeouts: known(timeouts),
  sync: Object.fromEntries(
    sortedBy(daemons, ({ state }) => textOrder(state)).map((daemon) => [daemon.state, daemonValue(daemon)]),
  ),
  services: sortedBy(services, ({ service }) => serviceOrder(service.id)).map(serviceValue),
});

/** Numbers as such; a list of CPUs that is empty cannot be written. */
const settingsValue = (settings: Settings): DocumentValue['settings'] =>
  Object.fromEntries(
    Object.entries(settings)
      .filter(([, text]) => text !== '')
      .map(([name, text]) => [name, / /.test(text) ? text.split(' ').map(Number) : settingValue(text)]),
  );

/** A kernel without a protocol reports its timeout as 0, which no document may ask for. */
const known = <T extends object>(timeouts: T): T =>
  Object.fromEntries(Object.entries(timeouts).filter(([, seconds]) => seconds !== 0)) as T;

/** A daemon as a document has it; its state is the key. */
export const daemonValue = ({
  interface: name,
  syncId,
  maxLength,
  group,
  port,
  ttl,
}: Daemon): DaemonValue => ({
  interface: name,
  id: syncId,
  ...given({ maxLength, group, port, ttl }),
});

const serviceValue = ({ service, destinations }: ServiceState): ServiceValue => ({
  ...serviceSettings(service),
  servers: sortedBy(destinations, ({ id }) => destinationOrder(id)).map(destinationValue),
});

/** A service as a document has it, without its servers. */
export function serviceSettings(service: Service) {
  const { id, scheduler, schedulerFlags, persistence } = service;
  return {
    service: formatService(id),
    scheduler,
    ...(schedulerFlags.length > 0 && { schedulerFlags: flagNames(service) }),
    ...(persistence && { persistence: persistenceValue(persistence) }),
    ...switchesOf(service),
  };
}

const persistenceValue = ({ timeout, netmask, engine }: Persistence) => ({
  timeout,
  netmask,
  ...given({ engine }),
});

/** The switches that are on. */
const switchesOf = (service: Service): Partial<Record<ServiceSwitch, true>> =>
  Object.fromEntries(serviceSwitchNames.filter((name) => service[name]).map((name) => [name, true]));

/** A server as a document has it. */
export function destinationValue(destination: Destination) {
  const { id, method, tunnel } = destination;
  return {
    server: destinationKey(id),
    method,
    ...numbersOf(destination),
    ...(method === 'tun' && {
      tunnel: { type: tunnel.type, ...(tunnel.port > 0 && { port: tunnel.port }), checksum: tunnel.checksum },
    }),
  };
}

/** All numbers but a 0 that is the default. */
const numbersOf = (destination: Destination): Partial<Record<DestinationNumber, number>> =>
  Object.fromEntries(
    destinationNumberNames
      .filter((name) => destination[name] !== 0 || destinationNumbers[name].default !== 0)
      .map((name) => [name, destination[name]]),
  );

/** The members that are not undefined. */
const given = <T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
