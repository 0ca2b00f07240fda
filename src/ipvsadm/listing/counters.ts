/** Counters as ipvsadm writes them: right-aligned in 9 columns, abbreviated or, with --exact, in full. */
import type { LineWriter } from './line-writer.js';

const WIDTH = 9;

/** Below this a counter is the same number in 9 columns, abbreviated or in full. */
const SHORT = 10 ** 8;

/** Units of abbreviated counters: below `under`, a counter is given in whole multiples of `unit`. */
const abbreviations = [
  { under: 10n ** 8n, unit: 1n, suffix: '' },
  { under: 10n ** 9n, unit: 10n ** 3n, suffix: 'K' },
  { under: 10n ** 11n, unit: 10n ** 6n, suffix: 'M' },
  { under: 10n ** 14n, unit: 10n ** 9n, suffix: 'G' },
  { under: 10n ** 30n, unit: 10n ** 12n, suffix: 'T' },
] as const;

/** A counter in 9 columns, rounded down to its unit: `  123456K`. */
export function abbreviated(count: bigint): string {
  const { unit, suffix } = abbreviations.find(({ under }) => count < under) ?? abbreviations[4];
  return `${count / unit}${suffix}`.padStart(WIDTH);
}

/** A counter in full, in 9 columns or as many as it takes; always apart from the one before. */
export const exact = (count: bigint): string => ` ${String(count).padStart(WIDTH - 1)}`;

/** Writes a counter; `long` makes the text of one that does not fit in full. */
export function putCounter(to: LineWriter, count: number | bigint, long: (count: bigint) => string): void {
  if (count < SHORT) to.right(Number(count), WIDTH);
  else to.text(long(BigInt(count)));
}
