/** Columns of tables, and which of them fit the terminal. */
import { stripVTControlCharacters } from 'node:util';

export interface Column {
  readonly heading: string;
  /** `right` for numbers. */
  readonly align?: 'left' | 'right';
  /** In a terminal that is too narrow the column with the highest number is left out first; one without a number stays. */
  readonly leaves?: number;
}

/** A first column of this width is kept before further columns: the longest IPv4 service, `sctp://192.168.100.100:65535`. */
export const SUBJECT = 28;
export const BETWEEN = '  ';

/** The columns that fit, by index: all, or those that are left when the least important ones are gone. */
export function keptColumns(columns: readonly Column[], widths: readonly number[], width: number): number[] {
  const leaving = columns
    .flatMap(({ leaves }, index) => (leaves === undefined ? [] : [{ index, leaves }]))
    .sort((a, b) => a.leaves - b.leaves);
  const subject = Math.min(widths[0] ?? 0, SUBJECT);
  let kept = [...columns.keys()];
  while (subject + widthOf(kept.slice(1), widths) > width) {
    const gone = leaving.pop();
    if (gone === undefined) return kept;
    kept = kept.filter((index) => index !== gone.index);
  }
  return kept;
}

/** Of columns that follow another one. */
export const widthOf = (indices: readonly number[], widths: readonly number[]): number =>
  indices.reduce((sum, index) => sum + BETWEEN.length + (widths[index] ?? 0), 0);

/** Columns that a cell takes on the screen: colours take none. */
export const shown = (cell = ''): number => stripVTControlCharacters(cell).length;
