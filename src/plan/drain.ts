/** Draining the servers that a plan removes. */
import type { IpvsClient } from '../ipvs/client.js';
import type { Change } from '../model/change.js';
import { addFallback, needFallback } from './drain-scheduling.js';
import { changing, type Plan, subject } from './plan.js';
import { type Member, type Waiting, waitUntilEmpty } from './wait-until-empty.js';

/** Waiting that may also change the table. */
export interface Draining extends Waiting {
  readonly client: Pick<IpvsClient, 'destinations' | 'applyAll'>;
}

/**
 * Keeps new connections from the servers that a plan removes, and waits for the current ones to end.
 * @returns the changes that restore the services whose flags were changed meanwhile
 */
export async function drainLeaving(plan: Plan, waiting: Draining): Promise<Change[]> {
  const members = leaving(plan);
  const services = needFallback(plan);
  const quiet = members.filter(({ destination }) => destination.weight > 0).map(quiesce);
  // Refusals are ignored: a server may have been removed meanwhile, and any other cause shows when it is removed.
  await waiting.client.applyAll([...services.map(addFallback), ...quiet]);
  await waitUntilEmpty(members, waiting);
  return services.map((service) => ({ do: 'editService', service }));
}

/** The servers that a plan removes, those of removed services included. */
const leaving = (plan: Plan): Member[] =>
  changing(plan).flatMap((service) =>
    service.destinations
      .filter(({ action }) => action === 'remove')
      .map((destination) => ({ of: subject(service).id, destination: subject(destination) })),
  );

/** The change that keeps new connections from a server. */
const quiesce = ({ of, destination }: Member): Change => ({
  do: 'editDestination',
  of,
  destination: { ...destination, weight: 0 },
});
