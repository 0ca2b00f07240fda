/** What the removals of a plan lose. */
import type { IpvsClient } from '../ipvs/client.js';
import { destinationKey } from '../model/destination.js';
import { serviceKey } from '../model/service.js';
import { changing, type Plan, type Planned, subject } from './plan.js';
import { connectionsLeft, type Member } from './wait-until-empty.js';

/** Connections that would break if a server was removed now, by `memberKey`; servers that stay have none. */
export type Losses = ReadonlyMap<string, number>;

export const memberKey = ({
  of,
  destination: { id },
}: Pick<Member, 'of'> & { readonly destination: Pick<Member['destination'], 'id'> }): string =>
  `${serviceKey(of)} ${destinationKey(id)}`;

/** One request for each service that loses servers. */
export async function lossesOf(plan: Plan, client: Pick<IpvsClient, 'destinations'>): Promise<Losses> {
  const losses = new Map<string, number>();
  for (const service of changing(plan).filter(({ destinations }) => destinations.some(isRemoved))) {
    const of = subject(service).id;
    const removed = new Set(service.destinations.filter(isRemoved).map((each) => keyOf(each)));
    for (const destination of await client.destinations(of)) {
      if (!removed.has(destinationKey(destination.id))) continue;
      losses.set(memberKey({ of, destination }), connectionsLeft(of, destination));
    }
  }
  return losses;
}

const isRemoved = ({ action }: Planned<unknown>): boolean => action === 'remove';

const keyOf = (planned: Planned<Member['destination']>): string => destinationKey(subject(planned).id);
