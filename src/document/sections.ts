/** The sections of a document besides its services: sync daemons, timeouts, settings. */

import { quoted } from '../foreign-text.js';
import type { Daemon, DaemonState } from '../model/daemon.js';
import { interfaceName } from '../model/interface.js';
import { type Timeouts, timeoutNames } from '../model/table.js';
import { multicastGroup } from './addresses.js';
import type { Director } from './audience.js';
import { type Located, located } from './fragment.js';
import type { Path, Source } from './location.js';
import type { Mistakes } from './mistakes.js';
import type { DaemonValue, DocumentValue } from './schema.js';

/** The value of a section that a document has. */
type Section<K extends keyof DocumentValue> = NonNullable<DocumentValue[K]>;

export function convertDaemons(
  value: Section<'sync'>,
  source: Source,
  mistakes: Mistakes,
  director: Director,
): Located<Daemon>[] {
  const daemons = value.peers === undefined ? ownDaemons(value) : peerDaemons(value, mistakes, director);
  return daemons.flatMap(({ state, daemon, path }) =>
    located(
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
    ),
  );
}

const states: readonly DaemonState[] = ['master', 'backup'];

interface DaemonHere {
  readonly state: DaemonState;
  readonly daemon: DaemonValue;
  readonly path: Path;
}

const ownDaemons = (value: Section<'sync'>): DaemonHere[] =>
  states.flatMap((state) => {
    const daemon = value[state];
    return daemon === undefined ? [] : [{ state, daemon, path: ['sync', state] }];
  });

/** The daemons of those peers that name this director. */
function peerDaemons(
  { peers = [], master, backup }: Section<'sync'>,
  mistakes: Mistakes,
  { labels, fleet }: Director,
): DaemonHere[] {
  const path = ['sync', 'peers'];
  if (master !== undefined || backup !== undefined)
    mistakes.problem(path, 'peers stands instead of master and backup');
  const { node } = labels;
  if (node === undefined)
    mistakes.problem(path, 'peers names directors: --label node=NAME says which one this is');
  return peers.flatMap((daemon, index) =>
    states.flatMap((state) => {
      const names = [daemon[state]].flat();
      const stranger = fleet && names.find((name) => !fleet.has(name));
      if (stranger !== undefined)
        mistakes.problem([...path, index, state], `${quoted(stranger)} is no director of the fleet`);
      return node !== undefined && names.includes(node) ? [{ state, daemon, path: [...path, index] }] : [];
    }),
  );
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
