/** Draining the servers that a plan removes. */
import type { IpvsClient } from '../ipvs/client.js';
import type { Change } from '../model/change.js';
import { fallbackOf } from '../model/schedulers.js';
import type { Service, ServiceId } from '../model/service.js';
import { cannotFallBack } from './drain-scheduling.js';
import { changing, type Plan, type Planned, type PlannedService, subject } from './plan.js';
import { type Member, type PresentMember, presentMembers } from './wait-until-empty.js';

/**
 * The servers that a plan removes, those of removed services included. Not those of `undrainable` services: at weight 0 they would
 * refuse clients that other servers get once they are removed.
 */
export const leaving = (plan: Plan): Member[] =>
  changing(plan)
    .filter(({ after }) => after === undefined || !cannotFallBack(after))
    .flatMap((service) =>
      service.destinations
        .filter(isRemoved)
        .map((destination) => ({ of: subject(service).id, destination: subject(destination) })),
    );

/** The services that stay and lose servers, if their scheduler can be made to fall back to other servers. */
export const needFallback = (plan: Plan): ServiceId[] =>
  losers(plan)
    .filter(({ scheduler }) => fallbackOf(scheduler) !== undefined)
    .map(({ id }) => id);

/** The services that stay and lose servers, and whose scheduler refuses the new clients of a server at weight 0 in any case. */
export const undrainable = (plan: Plan): Service[] => losers(plan).filter(cannotFallBack);

const losers = (plan: Plan): Service[] =>
  changing(plan)
    .filter(({ after, destinations }: PlannedService) => after && destinations.some(isRemoved))
    .map(subject);

const isRemoved = ({ action }: Planned<unknown>): boolean => action === 'remove';

/**
 * Keeps new connections from servers. Refusals are ignored: a server may have been removed meanwhile.
 * @returns the servers whose weight was above 0, as they were
 */
export async function quiesce(
  members: readonly Member[],
  client: Pick<IpvsClient, 'applyAll' | 'destinations'>,
): Promise<PresentMember[]> {
  const active = (await presentMembers(members, client)).filter(({ destination }) => destination.weight > 0);
  if (active.length > 0) await client.applyAll(active.map(toZero));
  return active;
}

const toZero = ({ of, destination }: Member): Change => ({
  do: 'editDestination',
  of,
  destination: { ...destination, weight: 0 },
});
