/** The slow start of a server: from the moment that it gets clients again after a failure took them away. Pure. */
import type { ServerState } from './state.js';

/**
 * `due`: a failure took the server out, and it has had no clients since. A number: the moment, in milliseconds of the caller's clock,
 * since which it has clients again. Undefined: it starts no more, or has never been out.
 */
export type SlowStart = 'due' | number | undefined;

/** A server at a moment, as far as its slow start is concerned. */
export interface Start {
  readonly state: Pick<ServerState, 'isUp' | 'hasFailed'>;
  /** What was so before. */
  readonly before: SlowStart;
  /** The server is down, and not kept by the floor. */
  readonly isOut: boolean;
  /** Whether its weight is above 0. */
  readonly hasClients: boolean;
  /** Whether the floor keeps servers of the service that are down: they would get what a slow start leaves. */
  readonly isFloorHeld: boolean;
  /** Milliseconds that the slow start takes; 0: none. */
  readonly duration: number;
}

/** What is so from now on. */
export function nextStart(start: Start, now: number): SlowStart {
  const { state, before, isOut, hasClients, isFloorHeld, duration } = start;
  if (isOut) return state.hasFailed ? 'due' : undefined;
  if (before === 'due' && !hasClients) return before;
  if (before === undefined || isFloorHeld || duration === 0) return undefined;
  if (before === 'due') return now;
  // Of a clock that was set back nothing is known but that the start is over.
  return now >= before && now - before < duration ? before : undefined;
}

/** The share of its weight that a server has: 0 at the first moment, 1 at the end. */
export const startShare = (start: SlowStart, duration: number, now: number): number =>
  typeof start === 'number' && duration > 0 ? Math.min(Math.max(0, now - start) / duration, 1) : 1;
