/** A service's settings in a document as the model has them. */
import { type ServiceSwitch, serviceSwitchNames } from '../model/fields.js';
import { type SchedulerFlag, schedulerFlagWords, schedulerOf } from '../model/schedulers.js';
import { defaults, type Persistence, type Service, type ServiceId, serviceFamily } from '../model/service.js';
import { canonicalNetmask } from './addresses.js';
import { InvalidValue } from './invalid-value.js';
import type { PersistenceValue, ServiceSettings } from './schema.js';

export const switchesOf = (settings: ServiceSettings): Pick<Service, ServiceSwitch> =>
  Object.fromEntries(serviceSwitchNames.map((name) => [name, settings[name] ?? false])) as Pick<
    Service,
    ServiceSwitch
  >;

export function schedulerFlags({
  schedulerFlags: words = [],
  scheduler = defaults.scheduler,
}: ServiceSettings) {
  const flags = words.map((word): SchedulerFlag => {
    const owner = schedulerOf(word);
    if (owner !== undefined && owner !== scheduler) {
      throw new InvalidValue(`${word} is a flag of scheduler ${owner}, not of ${scheduler}`);
    }
    return schedulerFlagWords[word].flag;
  });
  return [...new Set(flags)].sort();
}

export function persistence(value: PersistenceValue, id: ServiceId): Persistence | undefined {
  if (value === false) return undefined;
  const settings = typeof value === 'object' ? value : {};
  const family = serviceFamily(id);
  return {
    timeout: typeof value === 'number' ? value : (settings.timeout ?? defaults.persistenceTimeout),
    netmask:
      settings.netmask === undefined ? defaults.netmask[family] : canonicalNetmask(settings.netmask, family),
    engine: settings.engine,
  };
}
