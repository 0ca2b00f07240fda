/** Services and servers with the defaults of the model, for tests in which few of their settings matter. */
import { type Destination, plainTunnel } from '../../src/model/destination.js';
import {
  type DestinationNumber,
  destinationNumberNames,
  destinationNumbers,
  type ServiceSwitch,
  serviceSwitchNames,
} from '../../src/model/fields.js';
import type { Service, ServiceId } from '../../src/model/service.js';
import type { ServiceState } from '../../src/model/state.js';

const numbers = Object.fromEntries(
  destinationNumberNames.map((name) => [name, destinationNumbers[name].default]),
) as Record<DestinationNumber, number>;

const switches = Object.fromEntries(serviceSwitchNames.map((name) => [name, false])) as Record<
  ServiceSwitch,
  boolean
>;

export const serverRow = (address: string, port = 80, more: Partial<Destination> = {}): Destination => ({
  id: { address, port },
  method: 'nat',
  tunnel: plainTunnel,
  ...numbers,
  ...more,
});

export const serviceRow = (id: ServiceId, more: Partial<Service> = {}): Service => ({
  id,
  scheduler: 'rr',
  schedulerFlags: [],
  ...switches,
  ...more,
});

/** A service of a firewall mark, with these servers. */
export const markRow = (fwmark: number, ...destinations: Destination[]): ServiceState => ({
  service: serviceRow({ fwmark, family: 'inet' }),
  destinations,
});
