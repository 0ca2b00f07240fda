/** Tables: framed on a terminal that is wide enough, plain columns otherwise. */
import { stripVTControlCharacters } from 'node:util';
import type { Output } from '../context.js';
import type { Theme } from './theme.js';

export interface Column {
  readonly heading: string;
  /** `right` for numbers. */
  readonly align?: 'left' | 'right';
}

/** The lines of a table, each ended. `rows` have a cell for each column; cells may be coloured on a terminal only. */
export async function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  output: Output,
  theme: Theme,
): Promise<string> {
  if (!output.isTTY) return plain(columns, rows);
  const frame = await framed(columns, rows, theme);
  const [top = ''] = frame.split('\n', 1);
  return top.length <= (output.columns ?? top.length) ? frame : plain(columns, rows);
}

async function framed(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  theme: Theme,
): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const table = new Table({
    head: columns.map(({ heading }) => theme.heading(heading)),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    // Colours come from the theme.
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([...row]);
  return `${table.toString()}\n`;
}

/** Columns as wide as their widest cell, two blanks apart, and none at the end of a line. */
function plain(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ heading }) => heading), ...rows];
  const widths = columns.map((_, index) =>
    lines.reduce((width, line) => Math.max(width, shown(line[index])), 0),
  );
  return lines
    .map((line) =>
      columns
        .map(({ align }, index) => {
          const cell = line[index] ?? '';
          const blanks = ' '.repeat((widths[index] ?? 0) - shown(cell));
          return align === 'right' ? blanks + cell : cell + blanks;
        })
        .join('  ')
        .trimEnd()
        .concat('\n'),
    )
    .join('');
}

/** Columns that a cell takes on the screen: colours take none. */
const shown = (cell = ''): number => stripVTControlCharacters(cell).length;
