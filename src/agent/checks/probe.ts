/** What the results of one check have said of one server of a service: outlives reloads of the documents, and restarts. */
import type { CheckResult } from '../../health/run-check.js';
import { nextState, type ServerState } from '../../health/state.js';
import type { Check, CheckKind } from '../../model/check.js';

/** What is remembered over a restart. */
export interface ProbeMemory {
  /** What `share` and `isDrained` are words of. */
  readonly kind: CheckKind;
  readonly state: ServerState;
  /** Share of the weight that the results ask for: 1 for 100 %. */
  readonly share: number;
  /** Whether the server's agent asks for no new connections: `drain` or `maint`, until it says `ready`. */
  readonly isDrained: boolean;
}

/** The last result, and its moment on the agent's clock. */
export interface LastResult extends CheckResult {
  readonly at: number;
}

/** Why this machine cannot run a check, and since which moment on the agent's clock. */
export interface NotRun {
  readonly since: number;
  readonly reason: string;
}

export class Probe {
  last: LastResult | undefined;
  /** Undefined once the check has a result again. */
  notRun: NotRun | undefined;
  /** Times that results changed whether the server is up, since the start. */
  transitions = 0;

  constructor(public memory: ProbeMemory) {}

  /** @returns what changed: what weights follow from, something else that is remembered, or nothing */
  record(result: CheckResult, check: Check, now: number): 'weight' | 'memory' | undefined {
    const { memory: before, last } = this;
    this.last = { ...result, at: now };
    this.notRun = undefined;
    const state = nextState(before.state, result.ok, check, now);
    const after = { kind: check.kind, ...said(result, check, before), state };
    this.memory = after;
    if (before.state.isUp !== after.state.isUp) this.transitions++;
    if (
      before.state.isUp !== after.state.isUp ||
      before.share !== after.share ||
      before.isDrained !== after.isDrained
    )
      return 'weight';
    const { condition, count } = before.state;
    // After a restart the first result may decide the quorum.
    if (last === undefined) return 'memory';
    return condition === after.state.condition && count === after.state.count ? undefined : 'memory';
  }

  /** No state changes: the server may be up. */
  recordNotRun({ reason }: CheckResult, now: number): void {
    this.notRun = { since: this.notRun?.since ?? now, reason };
  }
}

/** A failure asks for nothing. An agent's words hold until it says others; a program or a file without a number is for 100 %. */
function said({ ok, weight, admin }: CheckResult, { kind }: Check, { share, isDrained }: ProbeMemory) {
  const isAgent = kind === 'agent';
  return {
    share: ok && !(isAgent && weight === undefined) ? (weight ?? 100) / 100 : share,
    isDrained: ok && admin !== undefined ? admin !== 'ready' : isDrained,
  };
}

/** A server with two checks is up while both say so. Of those that say the same the last one that changed counts. */
export function combinedState(states: readonly ServerState[]): ServerState | undefined {
  const down = states.filter(({ isUp }) => !isUp);
  const [first, ...others] = down.length > 0 ? down : states;
  return first && others.reduce((latest, state) => (state.since > latest.since ? state : latest), first);
}
