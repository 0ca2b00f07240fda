/** Characters of a live view that not every terminal has. */
import type { Context } from '../context.js';

export interface Glyphs {
  /** From nothing to the most. */
  readonly levels: string;
  /** In the place of what was cut out of a text. */
  readonly cut: string;
}

export const unicodeGlyphs: Glyphs = { levels: ' ▁▂▃▄▅▆▇█', cut: '…' };
export const asciiGlyphs: Glyphs = { levels: ' .:-=+*#%', cut: '~' };

/** By the locale, as setlocale(3) finds it. */
export function glyphsFor(env: Context['env']): Glyphs {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return /utf-?8/i.test(locale) ? unicodeGlyphs : asciiGlyphs;
}

/**
 * A character for each value, from 0 to the largest of them. Values above 0 are never blank.
 * @param values undefined for one that is not known
 */
export function sparkline(values: readonly (number | undefined)[], { levels }: Glyphs): string {
  const largest = Math.max(...values.map((value) => value ?? 0));
  return values
    .map((value = 0) => levels[value === 0 ? 0 : Math.ceil((value / largest) * (levels.length - 1))])
    .join('');
}

/** The text in so many columns at most: its middle is cut out, because addresses differ at their ends. */
export function shortened(text: string, width: number, { cut }: Glyphs): string {
  if (text.length <= width) return text;
  if (width <= 0) return '';
  const end = Math.floor((width - 1) / 2);
  return text.slice(0, Math.max(0, width - 1 - end)) + cut + (end > 0 ? text.slice(-end) : '');
}
