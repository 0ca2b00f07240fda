/** Moments in the future as command lines write them: `2h`, `18:00`, `2026-12-01T18:00`. */
import { UsageError } from '../../errors.js';
import { quoted } from '../../foreign-text.js';

/** @returns milliseconds since 1970, after `now`. @throws UsageError for a moment that has passed */
export type Moment = (now: Date) => number;

const TIME_OF_DAY = /^([01]?\d|2[0-3]):([0-5]\d)$/;
const ISO_8601 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)?$/;

/** @param seconds reads a duration. @throws UsageError */
export function moment(text: string, argument: string, seconds: (text: string) => number): Moment {
  const [, hour, minute] = TIME_OF_DAY.exec(text) ?? [];
  if (hour !== undefined) return (now) => nextTimeOfDay(now, Number(hour), Number(minute));
  const [, day] = ISO_8601.exec(text) ?? [];
  if (day !== undefined) return isoMoment(text, day, argument);
  if (/^\d+(?:\.\d+)?[smhd]?$/.test(text)) {
    const duration = seconds(text);
    return (now) => now.getTime() + duration * 1000;
  }
  throw noMoment(text, argument);
}

/** Today, or tomorrow if it has passed, in the local time zone. */
function nextTimeOfDay(now: Date, hour: number, minute: number): number {
  const next = new Date(now);
  next.setHours(hour, minute, 0, 0);
  if (next <= now) next.setDate(next.getDate() + 1);
  return next.getTime();
}

function isoMoment(text: string, day: string, argument: string): Moment {
  const time = Date.parse(text);
  // The runtime takes 30 February for 2 March.
  if (Number.isNaN(time) || new Date(Date.parse(`${day}Z`)).toISOString().slice(0, day.length) !== day) {
    throw noMoment(text, argument);
  }
  return (now) => {
    if (time > now.getTime()) return time;
    throw new UsageError(`${quoted(text)} has passed`, argument);
  };
}

const noMoment = (text: string, argument: string): UsageError =>
  new UsageError(
    `${quoted(text)} is not a time such as 2h, 18:00, 2026-12-01T18:00 or 2026-12-01T18:00Z`,
    argument,
  );
