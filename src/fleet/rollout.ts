/**
 * The rollout of a release in waves, without a store or a clock: which directors are in a wave, what a director runs, and whether the
 * next wave may be opened.
 */
import type { NodeReport, Target, Wave } from './records.js';

/** Milliseconds for which a director may be in worse health than allowed: checks need some failures to tell. */
export const WORSE = 10_000;

/** A wave as an operator writes it: some directors, or a share of all of them. */
export type WaveRequest = { readonly wait: number } & (
  | { readonly nodes: readonly string[] }
  | { readonly percent: number }
);

/**
 * The waves of a target. A share is counted over the directors there are, the first ones by rank: their number is exact, and one that
 * joins later has a rank, too. The last wave has all.
 */
export function planWaves(
  requests: readonly WaveRequest[],
  members: readonly string[],
  sequence: number,
): Wave[] {
  const ranks = members.map((name) => rank(name, sequence)).sort((a, b) => a - b);
  const waves = requests.map((request): Wave => {
    const { wait } = request;
    if ('nodes' in request) return { nodes: [...request.nodes], title: request.nodes.join(', '), wait };
    const { percent } = request;
    const size = Math.ceil((members.length * percent) / 100);
    return { below: percent >= 100 ? 1 : (ranks[size] ?? 1), title: `${percent}%`, wait };
  });
  return waves.some(({ below }) => below === 1) ? waves : [...waves, { below: 1, title: '100%', wait: 0 }];
}

/** The index of the first wave that a director is in. */
export function waveOf({ waves, sequence }: Pick<Target, 'waves' | 'sequence'>, name: string): number {
  const own = rank(name, sequence);
  const index = waves.findIndex(({ nodes, below = 0 }) => nodes?.includes(name) || own < below);
  return index < 0 ? waves.length - 1 : index;
}

/** From 0 to below 1, in another order for each target, so that not always the same directors are first (FNV-1a and a finalizer). */
export function rank(name: string, sequence: number): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(`${sequence}/${name}`))
    hash = Math.imul(hash ^ byte, 0x01000193);
  // Without it names that differ in the last letter have neighbouring ranks.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** What a director has applied. */
export interface Applied {
  /** The identity of the fleet. */
  readonly fleet: string;
  readonly sequence: number;
  readonly release: number;
}

export type Assignment =
  /** Run this release; `sequence` is what it counts as. */
  | { readonly run: number; readonly sequence: number }
  /** Go on with what runs. */
  | { readonly stay: string }
  /** The target is older than what runs: the store has lost its latest state, or is another one. */
  | { readonly refuse: string };

/** What a director is to run. @param applied undefined for one that has applied nothing yet */
export function assignment(target: Target, name: string, applied: Applied | undefined): Assignment {
  const { fleet, sequence, release, previous, state, open } = target;
  if (applied !== undefined && fleet !== applied.fleet)
    return {
      refuse: `the target is of another fleet (${fleet}) than what has been applied here (${applied.fleet})`,
    };
  if (applied !== undefined && sequence < applied.sequence)
    return {
      refuse: `the store's target has number ${sequence}, number ${applied.sequence} has been applied here`,
    };
  const isOpen = waveOf(target, name) <= open && (state === 'rolling' || state === 'done');
  // What has been applied stays, whatever becomes of the rollout; applying it again changes nothing.
  if (isOpen || applied?.sequence === sequence) return { run: release, sequence };
  const reason =
    state === 'rolling' ? `wave ${waveOf(target, name) + 1} is not open` : `the rollout is ${state}`;
  if (applied !== undefined || previous === undefined) return { stay: reason };
  // A new director: it runs what the others ran before.
  return { run: previous.release, sequence: previous.sequence };
}

/** How a director of an open wave is. */
export type Standing = 'well' | 'pending' | 'silent' | 'worse' | 'failed';

export interface NodeStanding {
  readonly name: string;
  readonly standing: Standing;
  /** Why it is not well. */
  readonly reason: string;
}

/** How the directors of the open waves are. @param reports of those that run, by name */
export function standings(
  target: Target,
  members: readonly string[],
  reports: ReadonlyMap<string, NodeReport>,
): NodeStanding[] {
  const absent = new Set(target.absent);
  return members
    .filter((name) => waveOf(target, name) <= target.open && (!absent.has(name) || reports.has(name)))
    .map((name) => ({ name, ...standing(target, reports.get(name)) }));
}

function standing(target: Target, report: NodeReport | undefined): Pick<NodeStanding, 'standing' | 'reason'> {
  if (report === undefined) return { standing: 'silent', reason: 'it does not report' };
  const { sequence, tried, result, error = '', converged, health, downBefore } = report;
  if (tried === target.sequence && result !== 'applied' && result !== 'none')
    return { standing: 'failed', reason: `${result}: ${error}` };
  if (sequence !== target.sequence) return { standing: 'pending', reason: 'it has not applied the release' };
  if (!converged) return { standing: 'pending', reason: error || 'its table differs from the release' };
  if (health.down <= downBefore + target.maxDown) return { standing: 'well', reason: '' };
  return { standing: 'worse', reason: `${health.down} of its servers are down, ${downBefore} were before` };
}

/** What the conductor has seen of an open wave. Times are milliseconds of its own clock. */
export interface Observation {
  readonly sequence: number;
  readonly open: number;
  readonly since: number;
  /** Since when all are well without a break. */
  readonly wellSince?: number | undefined;
  /** Since when each director is in worse health, by name. */
  readonly worseSince: ReadonlyMap<string, number>;
}

export type Verdict =
  | {
      readonly kind: 'wait' /** Milliseconds until time alone may change the verdict. */;
      readonly until?: number;
    }
  | { readonly kind: 'open' }
  | { readonly kind: 'done' }
  | { readonly kind: 'fail'; readonly reason: string };

/** Whether the open wave is done, as far as can be told now. */
export function judge(
  target: Target,
  members: readonly string[],
  reports: ReadonlyMap<string, NodeReport>,
  seen: Observation | undefined,
  now: number,
): { readonly verdict: Verdict; readonly seen: Observation } {
  const all = standings(target, members, reports);
  const before = seen?.sequence === target.sequence && seen.open === target.open ? seen : undefined;
  const isWell = all.every((each) => each.standing === 'well');
  const worse = all.filter((each) => each.standing === 'worse');
  const observation: Observation = {
    sequence: target.sequence,
    open: target.open,
    since: before?.since ?? now,
    wellSince: isWell ? (before?.wellSince ?? now) : undefined,
    worseSince: new Map(worse.map(({ name }) => [name, before?.worseSince.get(name) ?? now])),
  };
  return { verdict: verdictOf(target, all, observation, now), seen: observation };
}

function verdictOf(target: Target, all: readonly NodeStanding[], seen: Observation, now: number): Verdict {
  const fail = ({ name, reason }: NodeStanding): Verdict => ({ kind: 'fail', reason: `${name}: ${reason}` });
  const failed = all.find(({ standing }) => standing === 'failed');
  if (failed !== undefined) return fail(failed);
  const worse = all.find(({ name }) => now - (seen.worseSince.get(name) ?? now) >= WORSE);
  if (worse !== undefined) return fail(worse);
  const late = all.find(({ standing }) => standing !== 'well');
  if (late === undefined) {
    const { wait } = target.waves[target.open] as Wave;
    const rest = (seen.wellSince ?? now) + wait - now;
    if (rest > 0) return { kind: 'wait', until: rest };
    return { kind: target.open + 1 < target.waves.length ? 'open' : 'done' };
  }
  const rest = seen.since + target.patience - now;
  if (rest <= 0) return fail(late);
  const worseRests = [...seen.worseSince.values()].map((since) => since + WORSE - now);
  return { kind: 'wait', until: Math.min(rest, ...worseRests) };
}

/** The target after a verdict; undefined where it stays. @param by who carries out the verdict, and when */
export function nextTarget(
  target: Target,
  verdict: Verdict,
  by: Pick<Target, 'author' | 'time'>,
): Target | undefined {
  if (verdict.kind === 'wait') return undefined;
  if (verdict.kind === 'open') return { ...target, open: target.open + 1 };
  if (verdict.kind === 'done') return { ...target, state: 'done' };
  const { reason } = verdict;
  const { previous, onFailure } = target;
  if (onFailure === 'halt' || previous === undefined) return { ...target, state: 'halted', reason };
  return {
    ...by,
    fleet: target.fleet,
    sequence: target.sequence + 1,
    release: previous.release,
    previous,
    cause: 'rollback',
    comment: `release ${target.release} failed on ${reason}`,
    waves: [{ below: 1, title: '100%', wait: 0 }],
    open: 0,
    state: 'rolling',
    maxDown: target.maxDown,
    onFailure: 'halt',
    patience: target.patience,
    absent: target.absent,
  };
}
