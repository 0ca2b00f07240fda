/** What top shows, and how samples, sizes and answers change it. Keys are in keys.ts. */
import type { Size } from '../../context.js';
import type { ConnectionGroup } from '../../observe/connections/groups.js';
import type { RatedTable } from '../../observe/table/rates.js';
import type { HealthMarks } from '../shared/agent/agent-health.js';
import { type Arrangement, arrange, type Line, positionOf } from './arrange.js';
import type { Units } from './measures.js';

/** Work for the driver: it touches the terminal or the kernel. */
export type Request =
  | { readonly do: 'quit' }
  | { readonly do: 'suspend' }
  | { readonly do: 'redraw' }
  | { readonly do: 'clients'; readonly line: Line }
  | Action;

/** A change of a server, which is confirmed first. */
export interface Action {
  readonly do: 'drain' | 'undrain' | 'weight';
  readonly line: Required<Line>;
  /** As `lvsadm weight` takes it: `5`, `+5`, `50%`. */
  readonly weight?: string;
}

/** What keys mean at the moment. */
export type Mode =
  | { readonly kind: 'table' }
  /** The list of keys from this row on. */
  | { readonly kind: 'help'; readonly first: number }
  | { readonly kind: 'filter' }
  | { readonly kind: 'weight'; readonly line: Required<Line>; readonly text: string }
  | { readonly kind: 'confirm'; readonly action: Action }
  | { readonly kind: 'clients'; readonly line: Line; readonly clients: Clients | undefined };

/** Clients of a line by their connections, the most first. */
export interface Clients {
  readonly groups: readonly ConnectionGroup[];
  /** Of all clients. */
  readonly entries: number;
}

export interface TopState {
  readonly size: Size;
  readonly readOnly: boolean;
  /** The last sample, and the one on the screen, which differ while it is frozen. */
  readonly latest: RatedTable | undefined;
  readonly table: RatedTable | undefined;
  /** Of the servers that an agent checks. */
  readonly health: HealthMarks;
  /** When the sample on the screen was taken. */
  readonly date: Date | undefined;
  readonly frozen: boolean;
  readonly arrangement: Arrangement;
  readonly units: Units;
  readonly lines: readonly Line[];
  /** Index in `lines`. */
  readonly selected: number;
  /** Index of the first line on the screen. */
  readonly first: number;
  readonly mode: Mode;
  /** About the last key or answer. */
  readonly notice: string;
  /** Why the table could not be read; empty if it was. */
  readonly failure: string;
  /** For the driver to carry out, once. */
  readonly request: Request | undefined;
}

/** As the command line has them. */
export interface Settings {
  readonly sort: string;
  readonly filter: string;
  readonly units: Units;
  readonly readOnly: boolean;
}

export const initialState = (size: Size, { sort, filter, units, readOnly }: Settings): TopState => ({
  size,
  readOnly,
  latest: undefined,
  table: undefined,
  health: new Map(),
  date: undefined,
  frozen: false,
  arrangement: { sort, reversed: false, filter, folded: new Set() },
  units,
  lines: [],
  selected: 0,
  first: 0,
  mode: { kind: 'table' },
  notice: '',
  failure: '',
  request: undefined,
});

/** Lines of the screen around the table: title, totals and headings above, a notice or keys below. */
const FRAME = 4;

/** Lines of the table that fit on the screen. */
export const bodyHeight = ({ size }: TopState): number => Math.max(1, size.rows - FRAME);

export const selectedLine = ({ lines, selected }: TopState): Line | undefined => lines[selected];

/** A new sample. @param date of the sample */
export function withTable(state: TopState, latest: RatedTable, date: Date): TopState {
  const next: TopState = { ...state, latest, failure: '' };
  return state.frozen ? next : relisted({ ...next, table: latest, date });
}

/** What the agent has said. */
export const withHealth = (state: TopState, health: HealthMarks): TopState =>
  state.frozen ? state : { ...state, health };

/** A new size of the terminal. */
export const withSize = (state: TopState, size: Size): TopState => inView({ ...state, size });

/** Clients that were read for a line, unless the screen has those of another one by now. */
export const withClients = (state: TopState, line: Line, clients: Clients): TopState =>
  state.mode.kind === 'clients' && state.mode.line === line
    ? { ...state, mode: { ...state.mode, clients } }
    : state;

/** Work that failed, and with it the clients that it was to read. */
export function withFailedWork(state: TopState, reason: string): TopState {
  const isWaiting = state.mode.kind === 'clients' && state.mode.clients === undefined;
  return withNotice(isWaiting ? { ...state, mode: { kind: 'table' } } : state, reason);
}

export const withNotice = (state: TopState, notice: string): TopState => ({ ...state, notice });

/** The lines anew. The selected line stays selected, wherever it is now. */
export function relisted(state: TopState): TopState {
  const { table, arrangement } = state;
  const lines = table === undefined ? [] : arrange(table, arrangement);
  const selected = positionOf(selectedLine(state), lines) ?? state.selected;
  return inView({ ...state, lines, selected });
}

/** With the selected line on the screen. @param height lines of the table that are shown */
export function inView(state: TopState, height = bodyHeight(state)): TopState {
  const last = Math.max(0, state.lines.length - 1);
  const selected = Math.min(Math.max(state.selected, 0), last);
  const least = Math.max(0, selected - height + 1);
  const first = Math.min(Math.max(state.first, least), selected, Math.max(0, state.lines.length - height));
  return { ...state, selected, first };
}
