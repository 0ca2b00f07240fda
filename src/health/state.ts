/** The state of a checked server. Pure: a state and a result make the next state. */
import type { Timing } from '../model/check.js';
import type { Health } from '../model/health.js';

/**
 * `unknown`: no result yet. `failing`: up, with failures in a row. `rising`: down, with successes in a row. A server is put into use
 * and taken out of it only between `failing` and `down`, and between `rising` and `up`.
 */
export type Condition = 'unknown' | 'up' | 'failing' | 'down' | 'rising';

export interface ServerState {
  readonly condition: Condition;
  /** Whether clients may be sent to it. Of `unknown` the document tells it. */
  readonly isUp: boolean;
  /** Results in a row that speak against `isUp`: n of `fall`, or n of `rise`; 0 unless `failing` or `rising`. */
  readonly count: number;
  /** When `isUp` last changed, in milliseconds of the caller's clock; the start, if it never did. */
  readonly since: number;
  /** Whether it has been down because of a failure: only then a slow start follows. */
  readonly hasFailed: boolean;
}

/** The state before the first result. @param known the state at the end of an earlier run, which goes on, whatever `initially` says */
export function initialState(
  { initially }: Pick<Health, 'initially'>,
  now: number,
  known?: ServerState,
): ServerState {
  if (known !== undefined) return known;
  return { condition: 'unknown', isUp: initially !== 'down', count: 0, since: now, hasFailed: false };
}

/** The state after one more result. */
export function nextState(
  state: ServerState,
  isSuccess: boolean,
  { rise, fall }: Pick<Timing, 'rise' | 'fall'>,
  now: number,
): ServerState {
  const { isUp } = state;
  const hasFailed = state.hasFailed || !(isUp || isSuccess);
  if (isSuccess === isUp) return { ...state, condition: isUp ? 'up' : 'down', count: 0, hasFailed };
  const count = state.count + 1;
  if (count < (isUp ? fall : rise)) return { ...state, condition: isUp ? 'failing' : 'rising', count };
  return {
    condition: isUp ? 'down' : 'up',
    isUp: !isUp,
    count: 0,
    since: now,
    hasFailed: hasFailed || isUp,
  };
}

/** Whether the next check is due at `fastEvery`: soon it will be known whether the server is up or down. */
export const isChanging = ({ condition }: ServerState): boolean =>
  condition === 'failing' || condition === 'rising';
