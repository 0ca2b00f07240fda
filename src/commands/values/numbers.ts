/** Values that are numbers: weights, limits, times. */
import { UsageError } from '../../errors.js';
import { quoted } from '../../foreign-text.js';
import { destinationNumbers } from '../../model/fields.js';
import type { Range } from '../../model/limits.js';
import type { RemovalLimit } from '../../plan/policy.js';
import { comparisons } from '../shared/comparisons.js';

/** @param argument as the user spelled it, if not by its value alone */
export function wholeNumber(text: string, { min, max }: Range, noun: string, argument = text): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`${quoted(text)} is not a ${noun} from ${min} to ${max}`, argument);
}

/** `5`, `+5` or `50%`. @returns the new weight for the present one; it throws UsageError where that would be too large */
export function weight(text: string): (present: number) => number {
  const range = destinationNumbers.weight;
  const percent = /^(\d{1,7})%$/.exec(text)?.[1];
  const more = /^\+(\d{1,10})$/.exec(text)?.[1];
  if (percent === undefined && more === undefined) {
    const absolute = wholeNumber(text, range, 'weight');
    return () => absolute;
  }
  return (present) => {
    const wanted = more !== undefined ? present + Number(more) : share(present, Number(percent));
    if (wanted <= range.max) return wanted;
    throw new UsageError(`of weight ${present} is more than the largest weight, ${range.max}`, text);
  };
}

/** A part of a weight that is not none of it: 0 would take a server out of service. */
const share = (weight: number, percent: number): number =>
  Math.max(Math.round((weight * percent) / 100), weight > 0 && percent > 0 ? 1 : 0);

/** `5` or `50%` */
export function removalLimit(text: string, argument: string): RemovalLimit {
  const [, digits, unit] = /^(\d{1,9})(%?)$/.exec(text) ?? [];
  const number = Number(digits);
  if (unit === '' || (unit === '%' && number <= 100)) return { number, unit };
  throw new UsageError(`${quoted(text)} is not a number such as 5, or a percentage up to 100%`, argument);
}

/** 23 days: a timer in milliseconds cannot take 25. */
const LONGEST = 2_000_000;

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90`, `90s`, `1.5m`, `2h`, `1d`. @returns seconds */
export function seconds(text: string, argument: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)([smhd])?$/.exec(text) ?? [];
  const value = Number(number) * unitSeconds[unit as keyof typeof unitSeconds];
  if (value <= LONGEST) return value;
  throw new UsageError(
    `${quoted(text)} is not a time such as 90, 90s, 5m or 1h, at most ${LONGEST} s`,
    argument,
  );
}

/** `<60`, `>=5m`. @returns whether so many seconds meet it */
export function timeLeft(text: string, argument: string): (left: number) => boolean {
  const [, operator = '', time = ''] = /^(<=|>=|!=|<|>|=)?(.*)$/s.exec(text) ?? [];
  const compare = comparisons.get(operator || '=');
  if (compare === undefined || !/^\d/.test(time)) {
    throw new UsageError(
      `${quoted(text)} is not a comparison with a time, such as '<60' or '>=5m'`,
      argument,
    );
  }
  const limit = seconds(time, argument);
  return (left) => compare(left - limit);
}
