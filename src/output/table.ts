/** Tables: framed on a terminal, plain columns in a pipe. */
import type { Output } from '../context.js';
import type { Theme } from './theme.js';

export interface Column {
  readonly heading: string;
  /** Numbers stand to the right. */
  readonly align?: 'left' | 'right';
}

/** The lines of a table, each ended. `rows` have a cell for each column; cells may be coloured on a terminal only. */
export async function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  output: Output,
  theme: Theme,
): Promise<string> {
  return output.isTTY ? framed(columns, rows, theme) : plain(columns, rows);
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
    // The theme alone has a say in colours.
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([...row]);
  return `${table.toString()}\n`;
}

/** Columns as wide as their widest cell, two blanks apart, and none at the end of a line. */
function plain(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ heading }) => heading), ...rows];
  const widths = columns.map((_, index) =>
    lines.reduce((width, line) => Math.max(width, (line[index] ?? '').length), 0),
  );
  return lines
    .map((line) =>
      columns
        .map(({ align }, index) => {
          const cell = line[index] ?? '';
          const width = widths[index] ?? 0;
          return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd()
        .concat('\n'),
    )
    .join('');
}
