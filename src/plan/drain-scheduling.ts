/** Schedulers that refuse clients while a server drains, and the flag that prevents it. */
import type { Change } from '../model/change.js';
import { schedulerFlagWords } from '../model/schedulers.js';
import type { Service } from '../model/service.js';
import { changing, type Plan, subject } from './plan.js';

/**
 * Why clients are refused while one of the service's servers drains; undefined if the scheduler sends them to other servers.
 * sh and dh keep a server's share of their hash tables at weight 0.
 */
export function drainsByRefusing({ scheduler, schedulerFlags }: Service): string | undefined {
  if (scheduler === 'dh') return 'scheduler dh refuses the clients of a server at weight 0';
  if (scheduler !== 'sh' || schedulerFlags.includes(FALLBACK)) return undefined;
  return 'scheduler sh refuses the clients of a server at weight 0, unless its flag sh-fallback is set';
}

const FALLBACK = schedulerFlagWords['sh-fallback'].flag;

/** Services of a plan that would refuse clients while a server leaves, and need not: sh can fall back to another server. */
export const needFallback = (plan: Plan): Service[] =>
  changing(plan)
    .filter(({ after, destinations }) => after && destinations.some(({ action }) => action === 'remove'))
    .map(subject)
    .filter((service) => service.scheduler === 'sh' && drainsByRefusing(service) !== undefined);

/** The change that makes a service fall back. */
export const addFallback = (service: Service): Change => ({
  do: 'editService',
  service: { ...service, schedulerFlags: [...service.schedulerFlags, FALLBACK] },
});
