/** What the agent remembers over a restart: the states of servers, and quorums. Times are of the agent's clock. */
import type { Condition, ServerState } from '../health/state.js';
import type { StateKind } from '../system/store.js';
import type { ProbeMemory } from './probe.js';

export interface AgentMemory {
  /** By the keys of checks. */
  readonly probes: ReadonlyMap<string, ProbeMemory>;
  /** Whether each service has its quorum, by name. */
  readonly quorums: ReadonlyMap<string, boolean>;
}

export const noMemory: AgentMemory = { probes: new Map(), quorums: new Map() };

/** The same memory on another clock, which is `offset` ms ahead. Nothing may be later than `now`: clocks are set back. */
export const shifted = ({ probes, quorums }: AgentMemory, offset: number, now: number): AgentMemory => ({
  quorums,
  probes: new Map(
    Array.from(probes, ([key, memory]): [string, ProbeMemory] => {
      const { state } = memory;
      return [key, { ...memory, state: { ...state, since: Math.min(state.since + offset, now) } }];
    }),
  ),
});

export const memoryKind: StateKind<AgentMemory> = {
  name: 'agent',
  empty: noMemory,
  parse(value) {
    const { probes, quorums } = value as { readonly probes: object; readonly quorums: object };
    return {
      probes: new Map(Object.entries(probes).map(([key, each]) => [key, checkedProbe(each)])),
      quorums: new Map(Object.entries(quorums).map(([key, has]) => [key, has === true])),
    };
  },
  format: ({ probes, quorums }) => ({
    probes: Object.fromEntries(probes),
    quorums: Object.fromEntries(quorums),
  }),
  loss: 'the states of servers are lost: all are up until their checks fail',
  expendable: true,
  outlivesBoot: true,
};

const conditions: readonly Condition[] = ['unknown', 'up', 'failing', 'down', 'rising'];

/** @throws Error */
function checkedProbe(value: unknown): ProbeMemory {
  const { state, share, isDrained } = value as ProbeMemory;
  const { condition, isUp, count, since, hasFailed }: ServerState = state;
  const isValid =
    conditions.includes(condition) &&
    typeof isUp === 'boolean' &&
    typeof hasFailed === 'boolean' &&
    typeof isDrained === 'boolean' &&
    [count, share, since].every(Number.isFinite) &&
    count >= 0 &&
    share >= 0;
  if (!isValid) throw new Error('it holds no states of servers');
  return { state: { condition, isUp, count, since, hasFailed }, share, isDrained };
}
