/** Tables: plain columns, fitted to the terminal. */
import CliTable from 'cli-table3';
import { BETWEEN, type Column, keptColumns, SUBJECT, shown, widthOf } from './columns.js';
import { wrap } from './definition-list.js';
import type { Theme } from './theme.js';

export interface Row {
  /** A cell for each column; cells may be coloured. */
  readonly cells: readonly string[];
  /** Text that is too long for a cell: it stands on lines of its own below the row. */
  readonly note?: string | undefined;
}

const NOTE_INDENT = '    ';
/** Rows that are laid out at once: the library's time grows faster than their number. */
const GROUP = 100;

/**
 * The lines of a table, each ended, without blanks at its end. A first cell that is too long for `width` stands on a line of its own,
 * as in df(1).
 * @param width of the terminal in columns; undefined: as wide as the cells are
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly Row[],
  theme: Pick<Theme, 'heading' | 'quiet'>,
  width = Number.POSITIVE_INFINITY,
): string {
  const widths = columns.map(({ heading }, index) =>
    rows.reduce((most, { cells }) => Math.max(most, shown(cells[index])), heading.length),
  );
  const kept = keptColumns(columns, widths, width);
  const first = Math.min(widths[0] ?? 0, Math.max(width - widthOf(kept.slice(1), widths), SUBJECT));
  const layOut = (group: readonly (readonly string[])[]): string[] =>
    layOutCells(
      group.map((cells) => kept.map((index) => cells[index] ?? '')),
      [first, ...kept.slice(1).map((index) => widths[index] ?? 0)],
      kept.map((index) => columns[index]?.align ?? 'left'),
    );
  const noteLines = (note: string): string =>
    wrap(note, width - NOTE_INDENT.length)
      .map((text) => `${NOTE_INDENT}${theme.quiet(text)}\n`)
      .join('');
  const text: string[] = layOut([columns.map(({ heading }) => theme.heading(heading))]);
  for (let start = 0; start < rows.length; start += GROUP) {
    const group = rows.slice(start, start + GROUP);
    const lines = layOut(group.map(({ cells }) => cells));
    group.forEach(({ note }, index) => {
      text.push(lines[index] ?? '', note ? noteLines(note) : '');
    });
  }
  return text.join('');
}

/** Without a frame: columns are two blanks apart. */
const frameless = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'])
    .map((part) => [part, '']),
);

/** One text for each row: its line, or two where the first cell is longer than its column. */
function layOutCells(
  rows: readonly (readonly string[])[],
  widths: number[],
  aligns: ('left' | 'right')[],
): string[] {
  const [first = 0] = widths;
  const isLong = rows.map(([subject]) => shown(subject) > first);
  const table = new CliTable({
    chars: { ...frameless, middle: BETWEEN },
    // Colours come from the theme.
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
    colWidths: widths,
    colAligns: aligns,
  });
  rows.forEach((cells, index) => {
    table.push(isLong[index] ? ['', ...cells.slice(1)] : [...cells]);
  });
  return table
    .toString()
    .split('\n')
    .map((line, index) => `${isLong[index] ? `${rows[index]?.[0]}\n` : ''}${line.trimEnd()}\n`);
}
