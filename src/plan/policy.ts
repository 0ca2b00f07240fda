/** What a plan may do. A policy takes changes away from a plan, and never adds one. Pure. */
import type { Owned } from '../model/ownership.js';
import { type Service, type ServiceId, serviceKey } from '../model/service.js';
import { type Plan, type Planned, type PlannedService, subject } from './plan.js';

/** Removes nothing outside of what the documents own. A sync daemon is outside of any network. */
export function withinOwned(plan: Plan, owns: readonly Owned[] | undefined): Plan {
  if (owns === undefined) return plan;
  const isOwned = ({ id }: Service) => owns.some((owned) => owned(id));
  return {
    ...plan,
    services: plan.services.map((service) =>
      service.action === 'remove' && !isOwned(subject(service))
        ? leaveService(service, leaveForeign)
        : service,
    ),
    daemons: plan.daemons.map((daemon) => (daemon.action === 'remove' ? leaveForeign(daemon) : daemon)),
  };
}

/** Leaves services and daemons alone that the document lacks. */
export const withoutPruning = (plan: Plan): Plan => ({
  ...plan,
  services: plan.services.map((service) =>
    service.action === 'remove' ? leaveService(service, leave) : service,
  ),
  daemons: plan.daemons.map((daemon) => (daemon.action === 'remove' ? leave(daemon) : daemon)),
});

/** The same, and leaves the servers alone that the document lacks. */
export function withoutRemovals(plan: Plan): Plan {
  const kept = withoutPruning(plan);
  const services = kept.services.map((service) => ({
    ...service,
    destinations: service.destinations.map((each) => (each.action === 'remove' ? leave(each) : each)),
  }));
  return { ...kept, services };
}

/** Leaves services of these addresses alone that the document lacks. */
export const withoutRemovalsOf = (plan: Plan, addresses: ReadonlySet<string>): Plan => ({
  ...plan,
  services: plan.services.map((service) => {
    const { id } = subject(service);
    const isLeft = service.action === 'remove' && 'address' in id && addresses.has(id.address);
    return isLeft ? leaveService(service, leave) : service;
  }),
});

const leave = <T>(planned: Planned<T>): Planned<T> => ({ ...planned, action: 'leave' });

const leaveForeign = <T>(planned: Planned<T>): Planned<T> => ({ ...leave(planned), isForeign: true });

/** The service and all of its servers. */
const leaveService = (
  service: PlannedService,
  how: <T>(planned: Planned<T>) => Planned<T>,
): PlannedService => ({
  ...how<Service>(service),
  destinations: service.destinations.map((destination) => how(destination)),
});

/** Changes these services and nothing else. */
export function withOnly(plan: Plan, services: Iterable<ServiceId>): Plan {
  const keys = new Set(Array.from(services, serviceKey));
  return {
    services: plan.services.filter((service) => keys.has(serviceKey(subject(service).id))),
    daemons: [],
    timeouts: undefined,
  };
}

/** How much a plan may remove: a number, or a percentage of the services, and of the servers, in the table. */
export interface RemovalLimit {
  readonly number: number;
  readonly unit: '' | '%';
  /** So many may go, whatever share of few they are (default: 0). */
  readonly least?: number;
}

/** Services, or servers, that a plan removes. */
export interface Removal {
  readonly noun: 'services' | 'servers';
  readonly removed: number;
  /** In the table, as far as the plan covers it. */
  readonly present: number;
}

/** The services, or else the servers, of which a plan removes more than the limit allows. */
export function excess({ services }: Plan, { number, unit, least = 0 }: RemovalLimit): Removal | undefined {
  const removals: Removal[] = [
    { noun: 'services', ...countRemoved(services) },
    { noun: 'servers', ...countServers(services) },
  ];
  const limitOf = (present: number): number => {
    const share = unit === '%' ? (present * number) / 100 : number;
    return present > least ? Math.max(share, least) : share;
  };
  return removals.find(({ removed, present }) => removed > limitOf(present));
}

function countServers(services: readonly PlannedService[]) {
  let removed = 0;
  let present = 0;
  for (const { unchanged, destinations } of services) {
    const counts = unchanged === undefined ? countRemoved(destinations) : { removed: 0, present: unchanged };
    removed += counts.removed;
    present += counts.present;
  }
  return { removed, present };
}

const countRemoved = (items: readonly Planned<unknown>[]) => ({
  removed: items.filter(({ action }) => action === 'remove').length,
  present: items.filter(({ action, before }) => before !== undefined && action !== 'leave').length,
});

/** Whether a table that has services would have none. */
export const empties = (plan: Plan): boolean =>
  plan.services.length > 0 && plan.services.every(({ action }) => action === 'remove');
