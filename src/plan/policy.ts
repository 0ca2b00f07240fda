/** What a plan may do. A policy takes changes away from a plan, and never adds one. Pure. */
import { type ServiceId, serviceKey } from '../model/service.js';
import { type Plan, type Planned, subject } from './plan.js';

/** Leaves services and daemons alone that the document lacks. */
export const withoutPruning = (plan: Plan): Plan => ({
  ...plan,
  services: plan.services.map((service) =>
    service.action === 'remove'
      ? { ...leave(service), destinations: service.destinations.map(leave) }
      : service,
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

const leave = <T>(planned: Planned<T>): Planned<T> => ({ ...planned, action: 'leave' });

/** Changes these services and nothing else. */
export function withOnly(plan: Plan, services: Iterable<ServiceId>): Plan {
  const keys = new Set(Array.from(services, serviceKey));
  return {
    services: plan.services.filter((service) => keys.has(serviceKey(subject(service).id))),
    daemons: [],
    timeouts: undefined,
  };
}

/** Whether a table that has services would have none. */
export const empties = (plan: Plan): boolean =>
  plan.services.length > 0 && plan.services.every(({ action }) => action === 'remove');
