/** The table as it is, in the terms of a document. */
import type { IpvsClient } from '../ipvs/client.js';
import type { DestinationCursor } from '../ipvs/source/destination-cursor.js';
import type { Destination } from '../model/destination.js';
import { type Service, serviceKey } from '../model/service.js';
import type { DesiredService, DesiredState, ServiceState, State } from '../model/state.js';
import { serviceDifferences } from './compare.js';

export type Reader = Pick<IpvsClient, 'settings' | 'servers' | 'daemons' | 'timeouts'>;

/** A table, and what somebody wants of it. */
export interface Compared {
  readonly current: State;
  readonly desired: DesiredState;
}

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
  const asked: { readonly service: Service; readonly wish: DesiredService | undefined }[] = [];
  const services: ServiceState[] = [];
  for (const service of await client.settings()) {
    const wish = wishes.get(serviceKey(service.id));
    if (wish === undefined && nothingElse) services.push({ service, destinations: [] });
    else asked.push({ service, wish });
  }
  await client.servers(
    asked.map(({ service }) => service.id),
    (servers, index, from) => {
      const { service, wish } = asked[index] as (typeof asked)[number];
      const recognised = isSet(service, wish) ? wish.recognise?.(servers, from) : undefined;
      services.push(recognised ?? { service, destinations: destinationsOf(servers, from) });
      servers.drop();
    },
  );
  return { services, daemons: await client.daemons(), timeouts: await client.timeouts() };
}

const isSet = (service: Service, wish: DesiredService | undefined): wish is DesiredService =>
  wish !== undefined && serviceDifferences(service, wish.service).length === 0;

function destinationsOf(servers: DestinationCursor, from: number): Destination[] {
  const destinations: Destination[] = [];
  for (let index = from; index < servers.count; index++) {
    servers.seek(index);
    destinations.push(servers.destination());
  }
  return destinations;
}
