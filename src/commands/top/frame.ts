/** The screen of top: a state as lines of text. */
import { stripVTControlCharacters } from 'node:util';
import { masked, printable } from '../../foreign-text.js';
import { type RatedTable, type RateName, type Rates, rateNames } from '../../observe/table/rates.js';
import { wrap } from '../../output/definition-list.js';
import { shortened } from '../../output/glyphs.js';
import { type Line, lineName } from './arrange.js';
import { keyList, promptOf } from './keys.js';
import { rateText } from './measures.js';
import { type Look, tableRows } from './rows.js';
import { type Clients, inView, type Mode, type TopState } from './state.js';

/** Where there is neither a question nor a notice. */
const hints: Partial<Record<Mode['kind'], string>> = {
  table: '? keys  q quit',
  help: 'any key: more keys, or back',
  clients: 'c count anew  escape back',
};

/** As many lines as the screen has rows, none longer than it is wide. */
export function frame(state: TopState, look: Look): string[] {
  const { columns, rows } = state.size;
  const above = [
    look.theme.heading(partsWithin(columns, titleOf(state))),
    partsWithin(columns, totalsOf(state)),
  ];
  // A question is never cut: it names what changes.
  const below = wrap(messageOf(state), columns).map((line) => shortened(line, columns, look.glyphs));
  const height = Math.max(0, rows - above.length - below.length);
  const body = bodyOf(state, look, height).slice(0, height);
  return [...above, ...body, ...Array<string>(height - body.length).fill(''), ...below].slice(-rows);
}

const messageOf = (state: TopState): string =>
  printable(promptOf(state) || state.notice || state.failure || hints[state.mode.kind] || '');

/** As many of the parts as fit into so many columns, in their order. */
function partsWithin(columns: number, parts: readonly string[]): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}  ${part}`;
    if (longer.length > columns) break;
    line = longer;
  }
  return line;
}

function bodyOf(state: TopState, look: Look, height: number): string[] {
  const { mode, size } = state;
  const fit = (text: string): string => shortened(text, size.columns, look.glyphs);
  if (mode.kind === 'help') return keyLines(mode.first).map(fit);
  if (mode.kind === 'clients') return clientLines(mode.line, mode.clients).map(fit);
  return tableLines(state, look, height);
}

/** The most important parts first. */
function titleOf(state: TopState): string[] {
  const { table, date, frozen, readOnly, arrangement } = state;
  const { sort, reversed, filter } = arrangement;
  const services = table?.services ?? [];
  const servers = services.reduce((sum, service) => sum + service.servers.length, 0);
  return [
    'lvsadm',
    ...(date === undefined ? [] : [`${date.toISOString().slice(11, 19)}Z`]),
    ...(frozen ? ['frozen'] : []),
    ...(readOnly ? ['read only'] : []),
    ...(filter === '' ? [] : [`with '${printable(filter)}'`]),
    ...(sort === 'name' && !reversed ? [] : [`by ${sort}${reversed ? ', reversed' : ''}`]),
    `${services.length} services, ${servers} servers`,
  ];
}

/** Of all services. */
function totalsOf({ table, units }: TopState): string[] {
  if (table === undefined) return ['reading the table'];
  if (table.seconds === 0) return ['the second reading gives rates'];
  const total = totals(table);
  const text = (name: RateName, factor = 1) => rateText(total[name] * factor, units);
  const factor = units === 'bits' ? 8 : 1;
  return [
    `rates of ${table.seconds.toFixed(1)} s`,
    `${text('connections')} conn/s`,
    `${text('inBytes', factor)} in ${text('outBytes', factor)} out ${units === 'bits' ? 'bit' : 'B'}/s`,
    `${text('inPackets')} in ${text('outPackets')} out pkt/s`,
  ];
}

function totals({ services }: RatedTable): Rates {
  const sums = {} as Record<RateName, number>;
  for (const name of rateNames)
    sums[name] = services.reduce((sum, { rates }) => sum + (rates?.[name] ?? 0), 0);
  return sums;
}

/** The headings and the lines that are in view, the selected one marked, in so many rows. */
function tableLines(state: TopState, look: Look, height: number): string[] {
  const { table, health, size, lines, units, arrangement } = state;
  if (table === undefined) return [];
  // A question of two lines must not hide the server that it is about.
  const shown = Math.max(1, height - 1);
  const { first, selected } = inView(state, shown);
  const { heading, rows } = tableRows(lines.slice(first, first + shown), {
    ...look,
    health,
    units,
    // One column is the mark's.
    screen: { width: size.columns - 1, span: table.span, folded: arrangement.folded },
    sort: arrangement.sort,
  });
  return [
    ` ${heading}`,
    ...rows.map((row, index) =>
      first + index === selected
        ? look.theme.selected(`>${stripVTControlCharacters(row)}`.padEnd(size.columns))
        : ` ${row}`,
    ),
  ];
}

/** The list of keys from a row on. */
function keyLines(first: number): string[] {
  const width = Math.max(...keyList.map(([keys]) => keys.length));
  return keyList.slice(first).map(([keys, about]) => `${keys.padEnd(width)}  ${about}`);
}

function clientLines(line: Line, clients: Clients | undefined): string[] {
  const name = lineName(line);
  if (clients === undefined) return [`clients of ${name}: reading connections`];
  const { groups, entries } = clients;
  const width = Math.max('CLIENT'.length, ...groups.map((group) => group.name.length));
  return [
    `clients of ${name}: ${entries} connections and templates`,
    `${'CLIENT'.padEnd(width)}  ENTRIES  STATES`,
    ...groups.map((group) => {
      const states = group.states.map(([state, count]) => `${masked(state)} ${count}`).join(', ');
      return `${group.name.padEnd(width)}  ${String(group.entries).padStart('ENTRIES'.length)}  ${states}`;
    }),
  ];
}
