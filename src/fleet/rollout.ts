/**
 * The rollout of a release in waves, without a store or a clock: which directors are in a wave, what a director runs, and whether the
 * next wave may be opened.
 */
import type { NodeReport, Target, Wave } from './records.js';

/** Milliseconds for which a director may be in worse health than allowed: checks need some failures to tell. */
export const WORSE = 10_000;

/** Milliseconds between two beats of a director that takes part in a rollout, and without one after which it is silent. */
export const BEAT = 5000;
const SILENCE = 3 * BEAT;

/** Milliseconds that a wave has to be well at least before another one is opened: one that has died is known by then. */
const LEAST_WAIT = SILENCE + BEAT;

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
    if ('nodes' in request) return { nodes: [...request.nodes], title: titleOf(request.nodes), wait };
    const { percent } = request;
    const size = Math.ceil((members.length * percent) / 100);
    return { below: percent >= 100 ? 1 : (ranks[size] ?? 1), title: `${percent}%`, wait };
  });
  return waves.some(({ below }) => below === 1) ? waves : [...waves, { below: 1, title: '100%', wait: 0 }];
}

/** The names of some directors, in short. */
const titleOf = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;

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

/** A release as what it is run: `id` tells two targets of one number apart. */
export type Mark = NonNullable<Target['previous']>;

/** What a director has applied. */
export interface Applied extends Mark {
  /** The identity of the fleet. */
  readonly fleet: string;
}

export type Assignment =
  | { readonly run: Mark }
  /** Go on with what runs. */
  | { readonly stay: string }
  /** The target is older than what runs: the store has lost its latest state, or is another one. */
  | { readonly refuse: string };

/** What a director is to run. @param applied undefined for one that has applied nothing yet */
export function assignment(target: Target, name: string, applied: Applied | undefined): Assignment {
  const { fleet, sequence, release, id, previous, state, open, cause } = target;
  if (applied !== undefined && fleet !== applied.fleet)
    return {
      refuse: `the target is of another fleet (${fleet}) than what has been applied here (${applied.fleet})`,
    };
  if (applied !== undefined && sequence < applied.sequence)
    return {
      refuse: `the store's target has number ${sequence}, number ${applied.sequence} has been applied here`,
    };
  if (applied?.sequence === sequence && applied.id !== id)
    return {
      refuse: `the store's target has number ${sequence}, and another one of that number has been applied here: release again`,
    };
  // A way back is open although it has been halted: that one director does not take it must not keep another from it.
  const goesOn = state === 'rolling' || state === 'done' || (state === 'halted' && cause === 'rollback');
  const isOpen = waveOf(target, name) <= open && goesOn;
  // What has been applied stays, whatever becomes of the rollout; applying it again changes nothing.
  if (isOpen || applied?.sequence === sequence) return { run: { sequence, release, id } };
  const reason =
    state === 'rolling' ? `wave ${waveOf(target, name) + 1} is not open` : `the rollout is ${state}`;
  if (applied !== undefined || previous === undefined) return { stay: reason };
  // A new director: it runs what the others ran before.
  return { run: previous };
}

/** How a director of an open wave is. */
export type Standing = 'well' | 'pending' | 'silent' | 'worse' | 'failed';

export interface NodeStanding {
  readonly name: string;
  readonly standing: Standing;
  /** Why it is not well. */
  readonly reason: string;
}

/**
 * How the directors of the open waves are: those of the fleet, and those that report.
 * @param isSilent whether a director has stopped to report, as far as the conductor has seen
 */
export function standings(
  target: Target,
  members: readonly string[],
  reports: ReadonlyMap<string, NodeReport>,
  isSilent: (name: string) => boolean = () => false,
): NodeStanding[] {
  const absent = new Set(target.absent);
  return [...new Set([...members, ...reports.keys()])]
    .filter((name) => waveOf(target, name) <= target.open && (!absent.has(name) || reports.has(name)))
    .map((name) => ({ name, ...standing(target, reports.get(name), isSilent(name)) }));
}

function standing(
  target: Target,
  report: NodeReport | undefined,
  isSilent: boolean,
): Pick<NodeStanding, 'standing' | 'reason'> {
  if (report === undefined || isSilent) return { standing: 'silent', reason: 'it does not report' };
  const { target: own, tried, result, error = '', converged, health, downBefore } = report;
  const told = error.slice(0, 500);
  if (tried === target.sequence && result !== 'applied' && result !== 'none')
    return { standing: 'failed', reason: `${result}: ${told}` };
  if (own !== target.id) return { standing: 'pending', reason: 'it has not applied the release' };
  if (!converged) return { standing: 'pending', reason: told || 'its table differs from the release' };
  if (health.down <= downBefore + target.maxDown) return { standing: 'well', reason: '' };
  return { standing: 'worse', reason: `${health.down} of its servers are down, ${downBefore} were before` };
}

/** What the conductor has seen of an open wave. Times are milliseconds of its own clock. */
export interface Observation {
  readonly id: string;
  readonly open: number;
  /** Since when all are well without a break. */
  readonly wellSince?: number | undefined;
  /** Since when each director is not well, and in which way, by name. */
  readonly ill: ReadonlyMap<string, { readonly standing: Standing; readonly since: number }>;
  /** The last beat of each director, and when it was first seen. */
  readonly beats: ReadonlyMap<string, { readonly beat: number | undefined; readonly since: number }>;
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
  const before = seen?.id === target.id && seen.open === target.open ? seen : undefined;
  const beats = new Map(
    [...reports].map(([name, { beat }]) => {
      const last = before?.beats.get(name);
      return [name, last !== undefined && last.beat === beat ? last : { beat, since: now }];
    }),
  );
  const all = standings(target, members, reports, (name) => now - (beats.get(name)?.since ?? now) > SILENCE);
  const isWell = all.length > 0 && all.every((each) => each.standing === 'well');
  const observation: Observation = {
    id: target.id,
    open: target.open,
    wellSince: isWell ? (before?.wellSince ?? now) : undefined,
    ill: new Map(
      all
        .filter((each) => each.standing !== 'well')
        .map(({ name, standing }) => {
          const last = before?.ill.get(name);
          return [name, last?.standing === standing ? last : { standing, since: now }];
        }),
    ),
    beats,
  };
  return { verdict: verdictOf(target, all, observation, now), seen: observation };
}

function verdictOf(target: Target, all: readonly NodeStanding[], seen: Observation, now: number): Verdict {
  const limits: Partial<Record<Standing, number>> = {
    failed: 0,
    worse: WORSE,
    silent: target.patience,
    pending: target.patience,
  };
  const rests = all.flatMap(({ name, standing, reason }) => {
    const limit = limits[standing];
    return limit === undefined
      ? []
      : [{ name, reason, rest: (seen.ill.get(name)?.since ?? now) + limit - now }];
  });
  const late = rests.find(({ rest }) => rest <= 0);
  if (late !== undefined) return { kind: 'fail', reason: `${late.name}: ${late.reason}` };
  if (rests.length > 0) return { kind: 'wait', until: Math.min(...rests.map(({ rest }) => rest)) };
  // A fleet that nobody reports of is not well.
  if (seen.wellSince === undefined) return { kind: 'wait' };
  const isLast = target.open + 1 >= target.waves.length;
  const { wait } = target.waves[target.open] as Wave;
  const rest = seen.wellSince + (isLast ? wait : Math.max(wait, LEAST_WAIT)) - now;
  return rest > 0 ? { kind: 'wait', until: rest } : { kind: isLast ? 'done' : 'open' };
}

/** The target after a verdict; undefined where it stays. @param by who carries out the verdict, and when */
export function nextTarget(
  target: Target,
  verdict: Verdict,
  by: Pick<Target, 'author' | 'time' | 'id' | 'absent'>,
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
    ...(target.directors !== undefined && { directors: target.directors }),
  };
}
