/** Durations on a command line. */
import { UsageError } from '../../errors.js';

/** Longer than anybody waits, and short enough for a timer in milliseconds. */
const LONGEST = 2_000_000;

/** Seconds, fractions allowed. @throws UsageError */
export function seconds(option: string, value: unknown): number {
  const text = String(value);
  const number = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(number <= LONGEST)) {
    throw new UsageError(`'${text}' is not a number of seconds from 0 to ${LONGEST}`, `--${option}`);
  }
  return number;
}
