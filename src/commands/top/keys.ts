/** The keys of top, as data: a key makes a new state of the one before, which may have a request for the driver. */
import { UsageError } from '../../errors.js';
import { mistake } from '../../messages.js';
import { valueTypes } from '../value-types.js';
import { type Arrangement, type Line, lineName, sortNames } from './arrange.js';
import { unitNames } from './measures.js';
import {
  type Action,
  bodyHeight,
  inView,
  type Request,
  relisted,
  selectedLine,
  type TopState,
  withNotice,
} from './state.js';

interface Key {
  /** As output/screen.ts names them. */
  readonly keys: readonly string[];
  /** For the list of keys. */
  readonly about: string;
  readonly press: (state: TopState) => TopState;
}

const move =
  (distance: (state: TopState) => number) =>
  (state: TopState): TopState =>
    inView({ ...state, selected: state.selected + distance(state) });

const rearrange = (state: TopState, change: Partial<Arrangement>): TopState =>
  relisted({ ...state, arrangement: { ...state.arrangement, ...change } });

/** The item so many places further on, around the end. */
const following = <T>(items: readonly T[], item: T, step: number): T =>
  items[(items.indexOf(item) + step + items.length) % items.length] as T;

const sortBy =
  (step: number) =>
  (state: TopState): TopState =>
    rearrange(state, { sort: following(sortNames, state.arrangement.sort, step) });

function fold(state: TopState, isFolded?: boolean): TopState {
  const line = selectedLine(state);
  if (line === undefined) return state;
  const { name } = line.service;
  const folded = new Set(state.arrangement.folded);
  if (isFolded ?? !folded.has(name)) folded.add(name);
  else folded.delete(name);
  const selected = state.lines.findIndex(({ service }) => service === line.service);
  return rearrange({ ...state, selected }, { folded });
}

function foldAll(state: TopState): TopState {
  const { folded } = state.arrangement;
  const names = state.table?.services.map(({ name }) => name) ?? [];
  const service = selectedLine(state)?.service;
  const selected = state.lines.findIndex((line) => line.service === service);
  return rearrange({ ...state, selected }, { folded: new Set(folded.size === 0 ? names : []) });
}

function freeze(state: TopState): TopState {
  const frozen = !state.frozen;
  return relisted({ ...state, frozen, table: frozen ? state.table : state.latest });
}

const request =
  (what: 'quit' | 'suspend' | 'redraw') =>
  (state: TopState): TopState => ({ ...state, request: { do: what } });

function showClients(state: TopState, line = selectedLine(state)): TopState {
  if (line === undefined) return state;
  return {
    ...state,
    mode: { kind: 'clients', line, clients: undefined },
    request: { do: 'clients', line },
  };
}

/** For a key that changes the selected server. */
const ofServer =
  (change: (state: TopState, line: Required<Line>) => TopState) =>
  (state: TopState): TopState => {
    if (state.readOnly) return withNotice(state, 'read only: top runs with --read-only');
    const { service, server } = selectedLine(state) ?? {};
    if (service === undefined || server === undefined) return withNotice(state, 'select a server first');
    return change(state, { service, server });
  };

const confirm = (state: TopState, action: Action): TopState => ({
  ...state,
  mode: { kind: 'confirm', action },
});

const tableKeys: readonly Key[] = [
  { keys: ['up', 'k'], about: 'the line above', press: move(() => -1) },
  { keys: ['down', 'j'], about: 'the line below', press: move(() => 1) },
  { keys: ['page up'], about: 'a screen up', press: move((state) => -bodyHeight(state)) },
  { keys: ['page down'], about: 'a screen down', press: move(bodyHeight) },
  { keys: ['home', 'g'], about: 'the first line', press: move(({ lines }) => -lines.length) },
  { keys: ['end', 'G'], about: 'the last line', press: move(({ lines }) => lines.length) },
  { keys: ['s', '>'], about: 'sort by the next column', press: sortBy(1) },
  { keys: ['S', '<'], about: 'sort by the column before', press: sortBy(-1) },
  {
    keys: ['r'],
    about: 'reverse the order',
    press: (state) => rearrange(state, { reversed: !state.arrangement.reversed }),
  },
  { keys: ['enter', ' '], about: 'fold or unfold the service', press: (state) => fold(state) },
  { keys: ['left'], about: 'fold it', press: (state) => fold(state, true) },
  { keys: ['right'], about: 'unfold it', press: (state) => fold(state, false) },
  { keys: ['F'], about: 'fold or unfold all services', press: foldAll },
  {
    keys: ['/'],
    about: 'show services and servers with this text in their name',
    press: (state) => ({ ...state, mode: { kind: 'filter' } }),
  },
  { keys: ['escape'], about: 'show all again', press: (state) => rearrange(state, { filter: '' }) },
  { keys: ['f'], about: 'freeze the screen, or go on', press: freeze },
  {
    keys: ['b'],
    about: 'rates in bytes, bits, or bytes with all digits',
    press: (state) => ({ ...state, units: following(unitNames, state.units, 1) }),
  },
  { keys: ['c'], about: 'clients of the line; again: count them anew', press: (state) => showClients(state) },
  {
    keys: ['d'],
    about: 'drain the server: weight 0, remembered for undrain',
    press: ofServer((state, line) => confirm(state, { do: 'drain', line })),
  },
  {
    keys: ['u'],
    about: 'undrain the server: the weight before its drain',
    press: ofServer((state, line) => confirm(state, { do: 'undrain', line })),
  },
  {
    keys: ['w'],
    about: 'set its weight: 5, +5 or 50%',
    press: ofServer((state, line) => ({ ...state, mode: { kind: 'weight', line, text: '' } })),
  },
  {
    keys: ['?', 'h'],
    about: 'this list',
    press: (state) => ({ ...state, mode: { kind: 'help', first: 0 } }),
  },
  { keys: ['ctrl-l'], about: 'draw the screen again', press: request('redraw') },
  { keys: ['ctrl-z'], about: 'suspend top', press: request('suspend') },
  { keys: ['q', 'ctrl-c'], about: 'quit', press: request('quit') },
];

/** Keys and what they do, for people. */
export const keyList: readonly (readonly [keys: string, about: string])[] = tableKeys.map(
  ({ keys, about }) => [keys.map((key) => (key === ' ' ? 'space' : key)).join(', '), about],
);

/** Another state of the same kind: the table again. */
const toTable = (state: TopState): TopState => ({ ...state, mode: { kind: 'table' } });

/** What a key makes of the state; one without a meaning changes nothing. */
export function press(before: TopState, key: string): TopState {
  const state: TopState = { ...before, notice: '', request: undefined };
  const { mode } = state;
  const ofTable = tableKeys.find(({ keys }) => keys.includes(key));
  // These mean the same everywhere.
  if (ofTable !== undefined && key.startsWith('ctrl-')) return ofTable.press(state);
  switch (mode.kind) {
    case 'table':
      return ofTable?.press(state) ?? state;
    case 'help':
      return nextKeys(state, mode.first + bodyHeight(state));
    case 'clients':
      if (key === 'c') return showClients(state, mode.line);
      return ['escape', 'enter', 'q'].includes(key) ? toTable(state) : state;
    case 'filter': {
      if (key === 'enter') return toTable(state);
      if (key === 'escape') return rearrange(toTable(state), { filter: '' });
      return rearrange(state, { filter: edited(state.arrangement.filter, key) });
    }
    case 'weight': {
      if (key === 'escape') return toTable(state);
      if (key === 'enter') return weightEntered(state, mode);
      return { ...state, mode: { ...mode, text: edited(mode.text, key) } };
    }
    case 'confirm':
      return key === 'y'
        ? { ...toTable(state), request: mode.action satisfies Request }
        : withNotice(toTable(state), 'nothing changed');
  }
}

/** The rest of the list of keys, or the table after its end. */
const nextKeys = (state: TopState, first: number): TopState =>
  first < keyList.length ? { ...state, mode: { kind: 'help', first } } : toTable(state);

function weightEntered(state: TopState, { line, text }: { line: Required<Line>; text: string }): TopState {
  if (text === '') return toTable(state);
  try {
    valueTypes.weight.read(text)(line.server.weight);
  } catch (error) {
    if (error instanceof UsageError) return withNotice(toTable(state), mistake(error));
    throw error;
  }
  return confirm(state, { do: 'weight', line, weight: text });
}

/** The text after a key in a line of input. */
function edited(text: string, key: string): string {
  if (key === 'backspace') return text.slice(0, -1);
  if (key === 'ctrl-u') return '';
  return /^[\x20-\x7e]$/.test(key) ? text + key : text;
}

/** The question of a mode; undefined if it has none. */
export function promptOf({ mode, arrangement }: TopState): string | undefined {
  if (mode.kind === 'filter') return `filter: ${arrangement.filter}_`;
  if (mode.kind === 'weight') {
    return `weight of ${lineName(mode.line)}, now ${mode.line.server.weight}: ${mode.text}_`;
  }
  return mode.kind === 'confirm' ? question(mode.action) : undefined;
}

function question({ do: what, line, weight = '' }: Action): string {
  const name = lineName(line);
  const { weight: now } = line.server;
  if (what === 'drain') return `drain ${name}: weight ${now} -> 0? [y/n]`;
  if (what === 'undrain') return `restore the weight of ${name}, now ${now}? [y/n]`;
  return `${name}: weight ${now} -> ${valueTypes.weight.read(weight)(now)}? [y/n]`;
}
