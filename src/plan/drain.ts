/** Draining the servers that a plan removes. */
import type { IpvsClient } from '../ipvs/client.js';
import type { Change } from '../model/change.js';
import { fallbackOf } from '../model/schedulers.js';
import type { ServiceId } from '../model/service.js';
import { changing, type Plan, subject } from './plan.js';
import type { Member } from './wait-until-empty.js';

/** The servers that a plan removes, those of removed services included. */
export const leaving = (plan: Plan): Member[] =>
  changing(plan).flatMap((service) =>
    service.destinations
      .filter(({ action }) => action === 'remove')
      .map((destination) => ({ of: subject(service).id, destination: subject(destination) })),
  );

/** The services that stay and lose servers, if their scheduler can be made to fall back to other servers. */
export const needFallback = (plan: Plan): ServiceId[] =>
  changing(plan)
    .filter(({ after, destinations }) => after && destinations.some(({ action }) => action === 'remove'))
    .map(subject)
    .filter(({ scheduler }) => fallbackOf(scheduler) !== undefined)
    .map(({ id }) => id);

/** Keeps new connections from servers. Refusals are ignored: a server may have been removed meanwhile. */
export async function quiesce(
  members: readonly Member[],
  client: Pick<IpvsClient, 'applyAll'>,
): Promise<void> {
  const active = members.filter(({ destination }) => destination.weight > 0);
  if (active.length > 0) await client.applyAll(active.map(toZero));
}

const toZero = ({ of, destination }: Member): Change => ({
  do: 'editDestination',
  of,
  destination: { ...destination, weight: 0 },
});
