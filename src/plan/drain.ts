/** Draining servers: those that a plan removes, and the change that takes new connections from any. */
import type { KernelError } from '../errors.js';
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

/** A server whose weight was to become 0. */
export interface Quiesced {
  /** As it was before, with a weight above 0. */
  readonly server: PresentMember;
  /** The kernel's refusal; the server may have been removed meanwhile. */
  readonly error: KernelError | undefined;
}

/**
 * Keeps new connections from servers: those with a weight above 0 get weight 0.
 * @param before called with these servers before they are changed
 */
export async function quiesce(
  members: readonly Member[],
  client: Pick<IpvsClient, 'applyAll' | 'destinations'>,
  before: (active: readonly PresentMember[]) => Promise<void> = async () => {},
): Promise<Quiesced[]> {
  // Another program may have changed them while this one waited for its turn.
  const active = (await presentMembers(members, client)).filter(({ destination }) => destination.weight > 0);
  if (active.length === 0) return [];
  await before(active);
  const errors = await client.applyAll(active.map((server) => weightChange(server, 0)));
  return active.map((server, index) => ({ server, error: errors[index] }));
}

export const weightChange = ({ of, destination }: Member, weight: number): Change => ({
  do: 'editDestination',
  of,
  destination: { ...destination, weight },
});
