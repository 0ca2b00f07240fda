/** Lines of top as rows of text. */
import { masked } from '../../foreign-text.js';
import { destinationKey } from '../../model/destination.js';
import { type HistorySpan, ratesIn, SLOTS } from '../../observe/table/history.js';
import type { RatedServer, RatedService } from '../../observe/table/rates.js';
import { BETWEEN, type Column, keptColumns, widthOf } from '../../output/columns.js';
import { type Glyphs, shortened, sparkline } from '../../output/glyphs.js';
import type { Theme } from '../../output/theme.js';
import {
  type HealthMark,
  type HealthMarks,
  healthWord,
  isHealthy,
  serverKey,
} from '../shared/agent/agent-health.js';
import type { Line } from './arrange.js';
import {
  cellText,
  HEALTH_LEAVES,
  headingOf,
  type Measure,
  measures,
  SCHEDULER_LEAVES,
  SPARKLINE_LEAVES,
  type Units,
} from './measures.js';

export interface Look {
  readonly theme: Theme;
  readonly glyphs: Glyphs;
}

export interface Layout extends Look {
  readonly units: Units;
  /** The name of a measure, whose heading is marked. */
  readonly sort: string;
  /** Of the servers that an agent checks; the column is left out if there are none. */
  readonly health: HealthMarks;
  /** Of a live view; undefined for plain text, which is as wide as its cells are. */
  readonly screen: ScreenLayout | undefined;
}

interface ScreenLayout {
  /** In columns. */
  readonly width: number;
  /** Of the sparklines. */
  readonly span: HistorySpan;
  /** Names of services whose servers are not shown. */
  readonly folded: ReadonlySet<string>;
}

interface Cell {
  readonly text: string;
  readonly paint?: keyof Theme | undefined;
}

interface TopColumn extends Column {
  /** Whether lines are sorted by it: it is the last to leave. */
  readonly isSorted?: boolean;
  readonly ofServer: (server: RatedServer, service: RatedService) => Cell;
  readonly ofService: (service: RatedService) => Cell;
}

/** Columns do not become narrower than this, so that they stand still while numbers change. */
const LEAST_WIDTH = 5;

/** Names do not become shorter than this as long as there are other columns. */
const LEAST_NAME = 16;

/** The headings, and a row for each line. */
export function tableRows(lines: readonly Line[], layout: Layout): { heading: string; rows: string[] } {
  const { theme, screen } = layout;
  const width = screen?.width ?? Number.POSITIVE_INFINITY;
  const columns = columnsOf(layout);
  const cells = lines.map((line) => columns.map((column) => cellOf(column, line)));
  const widths = columns.map(({ heading, align }, index) =>
    cells.reduce(
      (most, row) => Math.max(most, row[index]?.text.length ?? 0),
      Math.max(heading.length, align === 'right' ? LEAST_WIDTH : 0),
    ),
  );
  const kept = keptColumns(columns, widths, width);
  // Names shrink for columns that stay, which go in the end: a row that is too wide would spoil the next one.
  while (kept.length > 1 && LEAST_NAME + widthOf(kept.slice(1), widths) > width) {
    const least = kept.findLastIndex((index, place) => place > 0 && !columns[index]?.isSorted);
    // Only the name and the sorted column are left: the latter goes.
    kept.splice(least < 0 ? 1 : least, 1);
  }
  const rest = width - widthOf(kept.slice(1), widths);
  const shown = kept.map((index) => ({
    index,
    width: index === 0 ? Math.min(widths[0] ?? 0, rest) : (widths[index] ?? 0),
    isRight: columns[index]?.align === 'right',
  }));
  const row = (texts: readonly Cell[]): string => rowText(texts, shown, layout);
  return {
    heading: theme.heading(row(columns.map(({ heading }) => ({ text: heading })))),
    rows: cells.map(row),
  };
}

function columnsOf({ units, sort, screen, glyphs, health }: Layout): TopColumn[] {
  const mark = ({ name }: RatedService): string =>
    screen === undefined ? '' : screen.folded.has(name) ? '+ ' : '- ';
  return [
    {
      heading: 'SERVICE/SERVER',
      ofService: (service) => ({
        text: mark(service) + service.name,
        paint: service.servers.length === 0 ? 'error' : 'heading',
      }),
      ofServer: ({ id }) => ({ text: `${screen === undefined ? '  ' : '    '}${destinationKey(id)}` }),
    },
    {
      heading: 'SCHED/METHOD',
      leaves: SCHEDULER_LEAVES,
      ofService: ({ service }) => ({ text: masked(service.scheduler) }),
      ofServer: ({ method }) => ({ text: method }),
    },
    ...measures.flatMap((measure) => [
      columnOf(measure, units, sort),
      ...(measure.name === 'weight' && health.size > 0 ? [healthColumn(health)] : []),
    ]),
    ...(screen === undefined ? [] : [sparklineColumn(screen, glyphs)]),
  ];
}

/** The state of a server; of a service how many of the servers that are checked are up. */
function healthColumn(health: HealthMarks): TopColumn {
  const markOf = ({ name }: RatedService, { id }: RatedServer) =>
    health.get(serverKey(name, destinationKey(id)));
  return {
    heading: 'HEALTH',
    leaves: HEALTH_LEAVES,
    ofServer: (server, service) => {
      const mark = markOf(service, server);
      return mark === undefined ? { text: '' } : { text: stateText(mark), paint: paintOf(mark) };
    },
    ofService: (service) => {
      const marks = service.servers.flatMap((server) => markOf(service, server) ?? []);
      const up = marks.filter(isHealthy).length;
      if (marks.length === 0) return { text: '' };
      const paint = up === marks.length ? undefined : up === 0 ? 'error' : 'warning';
      return { text: `${up}/${marks.length}`, paint };
    },
  };
}

/**
 * Six characters at most, as the heading: `up 1/3` is up, with one failure of the three that take it down; of `up?` a check does not
 * run.
 */
function stateText(mark: HealthMark): string {
  const { state, count, of, held, notRun } = mark;
  if (notRun !== null) return `${healthWord(mark)}?`;
  if (held && isHealthy(mark)) return 'held';
  if (state === 'unknown') return '-';
  return state === 'failing' ? `up ${count}/${of}` : state;
}

function paintOf({ state, held, notRun }: HealthMark): keyof Theme | undefined {
  if (state === 'down') return 'error';
  const isQuiet = !held && notRun === null && (state === 'up' || state === 'unknown');
  return isQuiet ? undefined : 'warning';
}

function sparklineColumn({ span }: ScreenLayout, glyphs: Glyphs): TopColumn {
  const cell = ({ history }: RatedServer | RatedService): Cell => ({
    text: sparkline(ratesIn(history, span), glyphs),
  });
  const heading = 'LAST MINUTE'.padEnd(SLOTS);
  return { heading, leaves: SPARKLINE_LEAVES, ofService: cell, ofServer: cell };
}

function columnOf(measure: Measure, units: Units, sort: string): TopColumn {
  const { name, leaves, ofServer, ofService, paintServer, paintService } = measure;
  const isSorted = name === sort;
  return {
    heading: `${isSorted ? '*' : ''}${headingOf(measure, units)}`,
    align: 'right',
    isSorted,
    ...(leaves !== undefined && !isSorted && { leaves }),
    ofServer: (server) => ({
      text: cellText(measure, ofServer(server), units),
      paint: paintServer?.(server),
    }),
    ofService: (service) => ({
      text: cellText(measure, ofService(service), units),
      paint: paintService?.(service),
    }),
  };
}

const cellOf = (column: TopColumn, { service, server }: Line): Cell =>
  server === undefined ? column.ofService(service) : column.ofServer(server, service);

/** A column of a row: its index among all, and its width. */
interface ShownColumn {
  readonly index: number;
  readonly width: number;
  readonly isRight: boolean;
}

/** Without blanks at its end. */
function rowText(cells: readonly Cell[], columns: readonly ShownColumn[], { theme, glyphs }: Look): string {
  let row = '';
  let blanks = 0;
  for (const { index, width, isRight } of columns) {
    const { text = '', paint } = cells[index] ?? {};
    if (text === '') {
      blanks += width + BETWEEN.length;
      continue;
    }
    const fitted = shortened(text, width, glyphs);
    const missing = width - fitted.length;
    row +=
      ' '.repeat(blanks + (isRight ? missing : 0)) + (paint === undefined ? fitted : theme[paint](fitted));
    blanks = BETWEEN.length + (isRight ? 0 : missing);
  }
  return row;
}
