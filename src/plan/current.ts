/** The table as it is, in the terms of a document. */
import type { IpvsClient } from '../ipvs/client.js';
import type { DestinationCursor } from '../ipvs/source/destination-cursor.js';
import { settingFields } from '../ipvs/source/destination-records.js';
import type { Destination } from '../model/destination.js';
import { type Service, type ServiceId, serviceKey } from '../model/service.js';
import type { ServiceState, State } from '../model/state.js';

export type Reader = Pick<IpvsClient, 'settings' | 'servers' | 'daemons' | 'timeouts'>;

/**
 * Reads the table. Not a snapshot: changes that others make meanwhile may show in part.
 * @param wanted the services whose servers are read (default: all): each service costs a request. The others get none.
 */
export async function readState(client: Reader, wanted?: Iterable<ServiceId>): Promise<State> {
  const keys = wanted && new Set(Array.from(wanted, serviceKey));
  const all = await client.settings();
  const read = keys ? all.filter(({ id }) => keys.has(serviceKey(id))) : all;
  const services = new Map<Service, ServiceState>(
    all.map((service) => [service, { service, destinations: [] }]),
  );
  await client.servers(
    read.map(({ id }) => id),
    (servers, index, from) => {
      const service = read[index] as Service;
      services.set(service, { service, destinations: destinationsOf(servers, from) });
      servers.drop();
    },
    settingFields,
  );
  return {
    services: [...services.values()],
    daemons: await client.daemons(),
    timeouts: await client.timeouts(),
  };
}

function destinationsOf(servers: DestinationCursor, from: number): Destination[] {
  const destinations: Destination[] = [];
  for (let index = from; index < servers.count; index++) {
    servers.seek(index);
    destinations.push(servers.destination());
  }
  return destinations;
}
