/** The sections of a document besides its services: sync daemons, timeouts, settings. */
import type { Daemon, DaemonState } from '../model/daemon.js';
import { interfaceName } from '../model/interface.js';
import { type Timeouts, timeoutNames } from '../model/table.js';
import { multicastGroup } from './addresses.js';
import { type Located, located } from './fragment.js';
import type { Source } from './location.js';
import type { Mistakes } from './mistakes.js';
import type { DocumentValue } from './schema.js';

/** The value of a section that a document has. */
type Section<K extends keyof DocumentValue> = NonNullable<DocumentValue[K]>;

export function convertDaemons(
  value: Section<'sync'>,
  source: Source,
  mistakes: Mistakes,
): Located<Daemon>[] {
  const states: readonly DaemonState[] = ['master', 'backup'];
  return states.flatMap((state) => {
    const daemon = value[state];
    if (daemon === undefined) return [];
    const path = ['sync', state];
    return located(
      source,
      {
        state,
        interface:
          mistakes.attempt(
            () => [...path, 'interface'],
            () => interfaceName(daemon.interface, 'interface'),
          ) ?? daemon.interface,
        syncId: daemon.id ?? 0,
        maxLength: daemon.maxLength,
        group: mistakes.attempt(
          () => [...path, 'group'],
          () => daemon.group && multicastGroup(daemon.group),
        ),
        port: daemon.port,
        ttl: daemon.ttl,
      },
      () => path,
    );
  });
}

export const convertTimeouts = (
  value: Section<'timeouts'>,
  source: Source,
): Located<readonly [keyof Timeouts, number]>[] =>
  timeoutNames.flatMap((name) => {
    const seconds = value[name];
    return seconds === undefined ? [] : located(source, [name, seconds] as const, () => ['timeouts', name]);
  });

/** Names with values in the form of `Settings`. */
export const convertSettings = (
  value: Section<'settings'>,
  source: Source,
): Located<readonly [string, string]>[] =>
  Object.entries(value).flatMap(([name, given]) => {
    const text = Array.isArray(given) ? given.join(' ') : String(given);
    return given === undefined ? [] : located(source, [name, text] as const, () => ['settings', name]);
  });
