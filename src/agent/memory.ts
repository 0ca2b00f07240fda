/** What the agent remembers over a restart: the states of servers, quorums, and what their programs did. Times are of the agent's clock. */
import type { Condition, ServerState } from '../health/state.js';
import { checkKinds } from '../model/check.js';
import type { StateKind } from '../system/files/state-kind.js';
import type { ProbeMemory } from './checks/probe.js';
import type { Decision } from './quorum-program.js';

/** What is remembered of quorums, by the names of services. */
export interface QuorumMemory {
  /** Whether each has its quorum, by the results of this boot. */
  readonly quorums: ReadonlyMap<string, boolean>;
  /** Decisions whose programs have ended well in this boot. */
  readonly programs: ReadonlyMap<string, Decision>;
}

export interface AgentMemory extends QuorumMemory {
  /** By the keys of checks. */
  readonly probes: ReadonlyMap<string, ProbeMemory>;
  /** Slow starts, by the keys of servers. */
  readonly starts: ReadonlyMap<string, 'due' | number>;
}

export const noMemory: AgentMemory = {
  probes: new Map(),
  starts: new Map(),
  quorums: new Map(),
  programs: new Map(),
};

/** The same memory on another clock, which is `offset` ms ahead. What would be later than `now` is long ago: clocks are set back. */
export const shifted = (memory: AgentMemory, offset: number, now: number): AgentMemory => ({
  ...memory,
  starts: new Map(
    [...memory.starts]
      .map(([key, start]) => [key, start === 'due' ? start : start + offset] as const)
      .filter(([, start]) => start === 'due' || start <= now),
  ),
  probes: new Map(
    Array.from(memory.probes, ([key, probe]): [string, ProbeMemory] => {
      const { state } = probe;
      return [key, { ...probe, state: { ...state, since: Math.min(state.since + offset, now) } }];
    }),
  ),
});

/** As a value of JSON. */
export const plainMemory = ({ probes, starts, quorums, programs }: AgentMemory) => ({
  probes: Object.fromEntries(probes),
  starts: Object.fromEntries(starts),
  quorums: Object.fromEntries(quorums),
  programs: Object.fromEntries(programs),
});

/** @param boot that the machine is in: quorums, and what programs did, are lost with another one */
export const memoryKind = (boot: string | undefined): StateKind<AgentMemory> => ({
  name: 'agent',
  empty: noMemory,
  parse(value) {
    const { probes, starts, quorums, programs } = value as Record<keyof AgentMemory, object>;
    const isOfThisBoot = boot !== undefined && boot === (value as { readonly boot?: unknown }).boot;
    return {
      starts: new Map(Object.entries(starts).map(([key, start]) => [key, checkedStart(start)])),
      probes: new Map(Object.entries(probes).map(([key, each]) => [key, checkedProbe(each)])),
      quorums: new Map(isOfThisBoot ? Object.entries(quorums).map(([key, has]) => [key, has === true]) : []),
      programs: new Map(
        isOfThisBoot ? Object.entries(programs).map(([key, each]) => [key, checkedDecision(each)]) : [],
      ),
    };
  },
  format: (memory) => ({ boot, ...plainMemory(memory) }),
  loss: 'the states of servers are lost: all are up until their checks fail',
  expendable: true,
  outlivesBoot: true,
  isLarge: true,
});

const conditions: readonly Condition[] = ['unknown', 'up', 'failing', 'down', 'rising'];

/** @throws Error */
function checkedDecision(value: unknown): Decision {
  const { has, command, down } = value as Decision;
  const words = [command ?? [], down ?? []].flat();
  if (typeof has !== 'boolean' || words.some((word) => typeof word !== 'string'))
    throw new Error('it holds no programs of quorums');
  return { has, command, down };
}

/** @throws Error */
function checkedStart(value: unknown): 'due' | number {
  if (value === 'due' || (typeof value === 'number' && Number.isFinite(value))) return value;
  throw new Error('it holds no slow starts of servers');
}

/** @throws Error */
function checkedProbe(value: unknown): ProbeMemory {
  const { kind, state, share, isDrained } = value as ProbeMemory;
  const { condition, isUp, count, since, hasFailed }: ServerState = state;
  const isValid =
    Object.hasOwn(checkKinds, kind) &&
    conditions.includes(condition) &&
    typeof isUp === 'boolean' &&
    typeof hasFailed === 'boolean' &&
    typeof isDrained === 'boolean' &&
    [count, share, since].every(Number.isFinite) &&
    count >= 0 &&
    share >= 0;
  if (!isValid) throw new Error('it holds no states of servers');
  return { kind, state: { condition, isUp, count, since, hasFailed }, share, isDrained };
}
