/** The table as it is, in the terms of a document. */
import type { IpvsClient } from '../ipvs/client.js';
import type { Service } from '../model/service.js';
import type { ServiceState, State } from '../model/state.js';

export type Reader = Pick<IpvsClient, 'services' | 'destinations' | 'daemons' | 'timeouts'>;

/**
 * Reads everything; the servers of those services only that `wanted` names, because each costs a question of its own.
 * Not a snapshot: somebody else's changes meanwhile may show in part.
 */
export async function readState(
  client: Reader,
  wanted: (service: Service) => boolean = () => true,
): Promise<State> {
  const services: ServiceState[] = [];
  for (const service of await client.services()) {
    services.push({ service, destinations: wanted(service) ? await client.destinations(service.id) : [] });
  }
  return { services, daemons: await client.daemons(), timeouts: await client.timeouts() };
}
