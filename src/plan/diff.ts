/** From current and desired state to a plan. Pure. */
import { type Destination, destinationKey } from '../model/destination.js';
import { destinationOrder, serviceOrder, sortedBy } from '../model/order.js';
import { serviceKey } from '../model/service.js';
import type { DesiredService, DesiredState, ServiceState, State } from '../model/state.js';
import {
  daemonDifferences,
  destinationDifferences,
  serviceDifferences,
  timeoutDifferences,
} from './compare.js';
import { type Difference, type Plan, type Planned, type PlannedService, subject } from './plan.js';

/** All differences, with the removal of everything that the document lacks: policy.ts takes changes away. */
export function diff(current: State, desired: DesiredState): Plan {
  return {
    services:
      desired.services === undefined
        ? []
        : sortedBy(planServices(current.services, desired.services), (planned) =>
            serviceOrder(subject(planned).id),
          ),
    daemons:
      desired.daemons === undefined
        ? []
        : sortedBy(
            pair(current.daemons, desired.daemons, ({ state }) => state).map(({ before, after }) =>
              planned(before, after, daemonDifferences),
            ),
            (daemon) => subject(daemon).state,
          ),
    timeouts: desired.timeouts && planned(current.timeouts, desired.timeouts, timeoutDifferences),
  };
}

const planServices = (
  current: readonly ServiceState[],
  desired: readonly DesiredService[],
): PlannedService[] =>
  pair<ServiceState, DesiredService>(current, desired, ({ service }) => serviceKey(service.id)).map(
    ({ before, after }) => ({
      ...planned(before?.service, after?.service, serviceDifferences),
      destinations: planDestinations(before, after),
    }),
  );

function planDestinations(
  before: ServiceState | undefined,
  after: DesiredService | undefined,
): Planned<Destination>[] {
  // Without a list of servers the service keeps those that it has.
  const wanted = after && (after.destinations ?? before?.destinations);
  const pairs = pair(before?.destinations ?? [], wanted ?? [], ({ id }) => destinationKey(id));
  return sortedBy(
    pairs.map((each) => planned(each.before, each.after, destinationDifferences)),
    (destination) => destinationOrder(subject(destination).id),
  );
}

function planned<B extends A, A>(
  before: B | undefined,
  after: A | undefined,
  differencesOf: (before: B, after: A) => Difference[],
): Planned<A> {
  if (before === undefined) return { action: 'add', before, after, differences: [] };
  if (after === undefined) return { action: 'remove', before, after, differences: [] };
  const differences = differencesOf(before, after);
  return { action: differences.length > 0 ? 'change' : 'keep', before, after, differences };
}

interface Pair<B, A> {
  readonly before: B | undefined;
  readonly after: A | undefined;
}

/** The items of both sides, matched by key. A dump may repeat an entry; the last one counts. */
function pair<B extends object, A extends object>(
  current: readonly B[],
  desired: readonly A[],
  key: (item: A | B) => string,
): Pair<B, A>[] {
  const left = new Map<string, B>();
  for (const before of current) left.set(key(before), before);
  const pairs = desired.map((after): Pair<B, A> => {
    const itemKey = key(after);
    const before = left.get(itemKey);
    if (before !== undefined) left.delete(itemKey);
    return { before, after };
  });
  for (const before of left.values()) pairs.push({ before, after: undefined });
  return pairs;
}
