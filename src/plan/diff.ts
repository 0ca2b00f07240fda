/** From current and desired state to a plan. Pure. */
import type { Daemon } from '../model/daemon.js';
import { type Destination, destinationKey } from '../model/destination.js';
import { destinationOrder, serviceOrder, sortedBy, textOrder } from '../model/order.js';
import { type Service, serviceKey } from '../model/service.js';
import type { DesiredService, DesiredState, ServiceState, State } from '../model/state.js';
import {
  daemonDifferences,
  destinationDifferences,
  serviceDifferences,
  settingDifferences,
  timeoutDifferences,
} from './compare.js';
import { type Difference, type Plan, type Planned, type PlannedService, subject } from './plan.js';

/** All differences, with the removal of everything that the document lacks: policy.ts takes changes away. */
export const diff = ({ services, daemons, timeouts, settings }: State, desired: DesiredState): Plan => ({
  services: desired.services ? planServices(services, desired.services) : [],
  daemons: desired.daemons ? planDaemons(daemons, desired.daemons) : [],
  timeouts: desired.timeouts && planned(timeouts, desired.timeouts, timeoutDifferences),
  ...(desired.settings && { settings: planned(settings ?? {}, desired.settings, settingDifferences) }),
});

const planServices = (
  current: readonly ServiceState[],
  desired: readonly DesiredService[],
): PlannedService[] =>
  sortedBy(
    match<ServiceState, DesiredService, PlannedService>(
      current,
      desired,
      ({ service }) => serviceKey(service.id),
      (before, after) =>
        before !== undefined && before === after
          ? new UnchangedService(before)
          : {
              ...planned(before?.service, after?.service, serviceDifferences),
              destinations: planDestinations(before, after),
            },
    ),
    (service) => serviceOrder(subject(service).id),
  );

/** A service that readState found to be unchanged. Its servers are planned one by one only when they are listed. */
class UnchangedService implements PlannedService {
  readonly action = 'keep';
  readonly differences = [];
  readonly before: Service;
  readonly after: Service;
  readonly unchanged: number;

  constructor(private readonly state: ServiceState) {
    this.before = state.service;
    this.after = state.service;
    this.unchanged = state.size ?? state.destinations.length;
  }

  get destinations(): Planned<Destination>[] {
    return planDestinations(this.state, this.state);
  }
}

function planDestinations(
  before: ServiceState | undefined,
  after: DesiredService | undefined,
): Planned<Destination>[] {
  const current = before?.destinations ?? [];
  // A desired service without a list of servers keeps its servers.
  const desired = after ? (after.destinations ?? current) : [];
  return sortedBy(
    match<Destination, Destination, Planned<Destination>>(
      current,
      desired,
      ({ id }) => destinationKey(id),
      (from, to) => planned(from, to, destinationDifferences),
    ),
    (destination) => destinationOrder(subject(destination).id),
  );
}

const planDaemons = (current: readonly Daemon[], desired: readonly Daemon[]): Planned<Daemon>[] =>
  sortedBy(
    match<Daemon, Daemon, Planned<Daemon>>(
      current,
      desired,
      ({ state }) => state,
      (before, after) => planned(before, after, daemonDifferences),
    ),
    (daemon) => textOrder(subject(daemon).state),
  );

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

/** Plans for the items of both sides, matched by key. A dump may repeat an entry; the last one counts. */
function match<B, A, P>(
  current: readonly B[],
  desired: readonly A[],
  key: (item: A | B) => string,
  plan: (before: B | undefined, after: A | undefined) => P,
): P[] {
  const left = new Map<string, B>();
  for (const before of current) left.set(key(before), before);
  const plans: P[] = [];
  for (const after of desired) {
    const itemKey = key(after);
    plans.push(plan(left.get(itemKey), after));
    left.delete(itemKey);
  }
  for (const before of left.values()) plans.push(plan(before, undefined));
  return plans;
}
