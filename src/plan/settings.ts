/** Settings of IPVS, set as a plan has them. */
import { HostError } from '../errors.js';
import type { Difference, Plan } from './plan.js';

/** The result of setting a setting of IPVS. */
export interface SettingOutcome {
  readonly difference: Difference;
  readonly result: 'done' | 'refused' | 'skipped';
  readonly error?: HostError | undefined;
}

/** What sets settings; the members are those of a reconciler. */
interface SettingWriter {
  set?(name: string, value: string): Promise<void>;
  stopRequested?(): Promise<boolean>;
  readonly toleratesRefusedSettings?: boolean;
}

/**
 * Before services and daemons: new connections, and threads of daemons, have the settings of their first moment.
 * @param outcomes gets those of the settings, one after the other
 * @throws HostError for a setting that is refused, unless that is tolerated
 */
export async function setSettings(
  { settings }: Plan,
  { set, stopRequested, toleratesRefusedSettings }: SettingWriter,
  outcomes: SettingOutcome[],
): Promise<void> {
  for (const difference of settings?.differences ?? []) {
    if (await stopRequested?.()) {
      outcomes.push({ difference, result: 'skipped' });
      continue;
    }
    try {
      await set?.(difference.field, settings?.after?.[difference.field] ?? '');
      outcomes.push({ difference, result: 'done' });
    } catch (error) {
      if (!(toleratesRefusedSettings && error instanceof HostError)) throw error;
      outcomes.push({ difference, result: 'refused', error });
    }
  }
}
