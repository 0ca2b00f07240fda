/** The table as it is, in the terms of a document. */
import type { IpvsClient } from '../ipvs/client.js';
import type { Destination } from '../model/destination.js';
import { type Service, serviceKey } from '../model/service.js';
import type { DesiredService, ServiceState, State } from '../model/state.js';
import { serviceDifferences } from './differences.js';

export type Reader = Pick<IpvsClient, 'services' | 'destinations' | 'daemons' | 'timeouts'>;

export interface Interest {
  /** What is wanted of some services. One that is so already is given as it is wanted: the same object. */
  readonly desired?: readonly DesiredService[] | undefined;
  /** Leaves out the servers of all others, because each service costs a question of its own. */
  readonly nothingElse?: boolean;
}

/** Reads everything. Not a snapshot: somebody else's changes meanwhile may show in part. */
export async function readState(client: Reader, interest: Interest = {}): Promise<State> {
  const { desired = [], nothingElse = false } = interest;
  const wishes = new Map(desired.map((wish) => [serviceKey(wish.service.id), wish]));
  const services: ServiceState[] = [];
  for (const service of await client.services()) {
    const wish = wishes.get(serviceKey(service.id));
    const destinations = wish || !nothingElse ? await client.destinations(service.id) : [];
    services.push((wish && recognised(service, destinations, wish)) ?? { service, destinations });
  }
  return { services, daemons: await client.daemons(), timeouts: await client.timeouts() };
}

const recognised = (
  service: Service,
  destinations: readonly Destination[],
  wish: DesiredService,
): ServiceState | undefined =>
  serviceDifferences(service, wish.service).length === 0 ? wish.recognise?.(destinations) : undefined;
