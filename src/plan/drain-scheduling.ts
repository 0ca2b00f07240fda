/** The flag that keeps a service from refusing clients while one of its servers is at weight 0. */
import type { Change } from '../model/change.js';
import { fallbackOf, refusesAtZero, type SchedulerFlag, schedulerFlagWords } from '../model/schedulers.js';
import type { Service } from '../model/service.js';

/** Whether the flag is missing; false for schedulers that need none or have none. */
export const lacksFallback = (service: Service): boolean =>
  refusesAtZero(service) && fallbackFlag(service) !== undefined;

/** The change that makes a service fall back to other servers. */
export const addFallback = (service: Service): Change =>
  withFlags(service, [...service.schedulerFlags, fallbackFlag(service) ?? []].flat());

/** The change that takes the flag away. */
export const removeFallback = (service: Service): Change =>
  withFlags(
    service,
    service.schedulerFlags.filter((flag) => flag !== fallbackFlag(service)),
  );

const withFlags = (service: Service, schedulerFlags: readonly SchedulerFlag[]): Change => ({
  do: 'editService',
  service: { ...service, schedulerFlags },
});

function fallbackFlag({ scheduler }: Service): SchedulerFlag | undefined {
  const word = fallbackOf(scheduler);
  return word && schedulerFlagWords[word].flag;
}
