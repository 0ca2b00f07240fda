/** How many connections came in the last minute, in slots of time: what a sparkline shows. */

/** Slots of a history, and the milliseconds of each: together a minute. */
export const SLOTS = 12;
const SLOT = 5000;

/** Connections in each slot, the newest last; undefined: none. */
export type History = readonly number[] | undefined;

/** The time that histories are about. It is the same for all rows of a table. */
export interface HistorySpan {
  /** Number of the newest slot since the clock's beginning. */
  readonly newest: number;
  /** Seconds of each slot that were observed. */
  readonly seconds: readonly number[];
}

/** What turns histories of one span into those of the next one. */
export interface HistoryStep {
  readonly span: HistorySpan;
  /** Slots that histories move. */
  readonly shift: number;
  /** By slot: its part of the time between two samples. */
  readonly parts: readonly number[];
}

/** The step for what happened in between. @param from, to milliseconds */
export function historyStep(before: HistorySpan | undefined, from: number, to: number): HistoryStep {
  const newest = Math.floor(to / SLOT);
  const shift = before === undefined ? SLOTS : newest - before.newest;
  const observed = Array.from({ length: SLOTS }, (_, index) => {
    const start = (newest - SLOTS + 1 + index) * SLOT;
    return Math.max(0, Math.min(to, start + SLOT) - Math.max(from, start));
  });
  return {
    span: {
      newest,
      seconds: observed.map((time, index) => time / 1000 + (before?.seconds[index + shift] ?? 0)),
    },
    shift,
    parts: observed.map((time) => (to > from ? time / (to - from) : 0)),
  };
}

/** @param gained connections between the two samples */
export function nextHistory(before: History, gained: number, { shift, parts }: HistoryStep): History {
  if (gained === 0 && (before === undefined || shift === 0)) return before;
  const next: number[] = [];
  for (let index = 0; index < SLOTS; index++) {
    next.push((before?.[index + shift] ?? 0) + gained * (parts[index] as number));
  }
  return next;
}

/** Connections of the whole history. */
export function totalOf(history: History): number {
  let total = 0;
  if (history !== undefined) for (const connections of history) total += connections;
  return total;
}

/** Connections per second in each slot, the newest last; undefined for a slot that was not observed. */
export const ratesIn = (history: History, { seconds }: HistorySpan): (number | undefined)[] =>
  seconds.map((time, index) => (time > 0 ? (history?.[index] ?? 0) / time : undefined));
