/** The flag that keeps a service from refusing clients while one of its servers is at weight 0. */
import type { Change } from '../model/change.js';
import { fallbackFlag, refusesAtZero, type SchedulerFlag } from '../model/schedulers.js';
import type { Service } from '../model/service.js';

/** Whether the flag is missing; false for schedulers that need none or have none. */
export const lacksFallback = (service: Service): boolean =>
  refusesAtZero(service) && fallbackFlag(service) !== undefined;

/** Whether new clients of a server at weight 0 are refused, and no flag is against it. */
export const cannotFallBack = (service: Service): boolean =>
  refusesAtZero(service) && fallbackFlag(service) === undefined;

/** What keeps a service that cannot fall back from being drained, in words. */
export const whyUndrainable = ({ scheduler }: Service): string =>
  `scheduler ${scheduler} refuses the new clients of a server at weight 0`;

/** The change that makes a service fall back to other servers. */
export const addFallback = (service: Service): Change => ({
  do: 'editService',
  service: { ...service, schedulerFlags: [...service.schedulerFlags, fallbackFlag(service) ?? []].flat() },
});

/** The change that takes the flag away. */
export const removeFallback = (service: Service): Change => ({
  do: 'editService',
  service: withoutFlag(service, fallbackFlag(service)),
});

export const withoutFlag = (service: Service, flag: SchedulerFlag | undefined): Service => ({
  ...service,
  schedulerFlags: service.schedulerFlags.filter((each) => each !== flag),
});
