/** What an operator does to a fleet: each is one transaction, which compares with what was read. */
import { type StoreError, UsageError } from '../errors.js';
import type { Holds } from '../model/hold.js';
import { newId, readReports } from './conductor.js';
import { readFleetHolds } from './fleet-holds.js';
import { LAYOUT, MEMBERS, memberKey, nameIn, nodeKey, releaseKey } from './layout.js';
import { type Member, memberRecord, type NodeReport, requireLayout, type Target } from './records.js';
import {
  type Authorship,
  findRelease,
  findReleaseEntry,
  findTarget,
  lastGood,
  readTarget,
  replaceTarget,
  type TargetEntry,
  type TargetFound,
} from './releases.js';
import { planWaves, type WaveRequest } from './rollout.js';
import type { Comparison, FleetStore } from './store.js';

export interface RolloutRequest extends Authorship {
  readonly waves: readonly WaveRequest[];
  readonly maxDown: number;
  readonly onFailure: 'halt' | 'rollback';
  /** Milliseconds for a director of an open wave to report. */
  readonly patience: number;
  /** Whether a rollout that is under way may be replaced. */
  readonly supersede: boolean;
}

/** Everything that `fleet status` shows. */
export interface Fleet {
  readonly id: string;
  readonly target: TargetFound;
  readonly members: ReadonlyMap<string, Member>;
  readonly reports: ReadonlyMap<string, NodeReport>;
  /** Of the fleet; expired ones may be among them. */
  readonly holds: Holds;
  /** Why others cannot be read. */
  readonly problems: readonly StoreError[];
}

/** @throws UsageError for a store without a fleet; StoreError */
export async function readFleet(store: FleetStore): Promise<Fleet> {
  const [entry] = (await store.read(LAYOUT)).entries;
  if (entry === undefined) throw new UsageError(`${store.name} has no fleet; lvsadm fleet push makes one`);
  const { fleet } = requireLayout(entry, store.name);
  const [target, members, reports, { holds, problems }] = await Promise.all([
    findTarget(store),
    readMembers(store),
    readReports(store),
    readFleetHolds(store),
  ]);
  return { id: fleet, target, members, reports, holds, problems };
}

/** The directors of the fleet; none where the store has no fleet yet. @throws StoreError */
export async function readMembers(store: FleetStore): Promise<Map<string, Member>> {
  const { entries } = await store.read(MEMBERS);
  return new Map(entries.map((entry) => [nameIn(entry.key), memberRecord.parse(entry, store.name)]));
}

/** Names of directors of the fleet that do not report. */
export const lostMembers = ({ members, reports }: Fleet): string[] =>
  [...members.keys()].filter((name) => !reports.has(name));

/**
 * Makes a release the target.
 * @throws UsageError if a rollout is under way, for directors that are not in the fleet, and if somebody else changes the target; StoreError
 */
export async function startRollout(
  store: FleetStore,
  fleet: Fleet,
  release: number,
  cause: Target['cause'],
  request: RolloutRequest,
): Promise<Target> {
  const { author, time, comment, waves, maxDown, onFailure, patience, supersede } = request;
  const { target: before } = fleet.target;
  if (fleet.reports.size === 0 && cause === 'release')
    throw new UsageError('no director of the fleet reports: there is nobody to run it');
  const { revision } = await findReleaseEntry(store, release);
  if (before?.state === 'rolling' && !supersede) {
    const which = `release ${before.release} of ${before.author}`;
    throw new UsageError(
      `the rollout of ${which} is under way: wait, hold it, or replace it with --supersede`,
    );
  }
  requireReporting(waves, fleet);
  const sequence = nextSequence(fleet);
  const previous = lastGood(fleet.target);
  const target: Target = {
    fleet: fleet.id,
    sequence,
    release,
    id: newId(),
    ...(previous && { previous }),
    cause,
    author,
    time,
    ...(comment !== undefined && { comment }),
    waves: planWaves(waves, [...fleet.reports.keys()], sequence),
    open: 0,
    state: 'rolling',
    maxDown,
    onFailure,
    patience,
    directors: fleet.reports.size,
    absent: lostMembers(fleet),
  };
  // A push may remove old releases at this moment.
  return change(store, fleet.target, target, { key: releaseKey(release), revision });
}

/** Above all that directors have seen: the store may have gone back in time, and its target been lost. */
const nextSequence = ({ target: { target }, reports }: Fleet): number =>
  1 +
  Math.max(
    target?.sequence ?? 0,
    ...Array.from(reports.values(), ({ sequence, tried }) => Math.max(sequence, tried)),
  );

/** Keeps the rollout from going on. @throws UsageError if none is under way, or somebody else changes it; StoreError */
export async function holdRollout(store: FleetStore, reason: string): Promise<Target> {
  return insist(async () => {
    const entry = await readTarget(store);
    if (entry.target?.state !== 'rolling')
      throw new UsageError(`there is no rollout to hold${stateOf(entry)}`);
    return change(store, entry, { ...entry.target, state: 'held', reason });
  });
}

/** Lets a rollout that is held or halted go on. @throws UsageError if there is none, or somebody else changes it; StoreError */
export async function resumeRollout(store: FleetStore): Promise<Target> {
  const entry = await readTarget(store);
  const { target } = entry;
  if (target?.state !== 'held' && target?.state !== 'halted')
    throw new UsageError(`there is no rollout to resume${stateOf(entry)}`);
  const { reason: _, ...others } = target;
  return change(store, entry, { ...others, state: 'rolling' });
}

/** Takes a director that is gone out of the fleet. @throws UsageError if it is none of the fleet, or reports; StoreError */
export async function forgetMember(store: FleetStore, name: string): Promise<void> {
  const { members, reports } = await readFleet(store);
  if (!members.has(name)) throw new UsageError(notThere(name, [...members.keys()]));
  if (reports.has(name)) throw new UsageError(`${name} reports: stop its agent first, it would come back`);
  const written = await store.commit({
    // It may have come back this moment.
    comparisons: [{ key: nodeKey(name), revision: 0 }],
    writes: [{ remove: memberKey(name) }],
  });
  if (written === undefined) throw new UsageError(`${name} reports again`);
}

async function change(
  store: FleetStore,
  entry: TargetEntry,
  target: Target,
  ...comparisons: readonly Comparison[]
): Promise<Target> {
  if ((await replaceTarget(store, entry, target, comparisons)) !== undefined) return target;
  await findRelease(store, target.release);
  const { target: now } = await findTarget(store);
  const by = now === undefined ? 'somebody else' : `release ${now.release} of ${now.author}, ${now.state}`;
  throw new ChangedError(`the target has been changed meanwhile: it is ${by}`);
}

const stateOf = ({ target }: TargetEntry): string =>
  target === undefined ? ': nothing has been released' : `: release ${target.release} is ${target.state}`;

/** A wave that nobody is in would be well at once. */
function requireReporting(waves: readonly WaveRequest[], { members, reports }: Fleet): void {
  for (const name of waves.flatMap((wave) => ('nodes' in wave ? wave.nodes : []))) {
    if (!members.has(name)) throw new UsageError(notThere(name, [...members.keys()]));
    if (!reports.has(name))
      throw new UsageError(`${name} does not report: leave it out of the waves, or forget it`);
  }
}

/** Attempts of an operator against the conductor, which changes the target in between. */
const ATTEMPTS = 5;

/** Tries again while somebody else changes the target. @throws what the last attempt throws */
export async function insist(attempt: () => Promise<Target>): Promise<Target> {
  for (let left = ATTEMPTS; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ChangedError) || left === 1) throw error;
    }
  }
}

/** Somebody else has changed the target meanwhile. */
class ChangedError extends UsageError {}

const notThere = (name: string, names: readonly string[]): string =>
  `${name} is no director of the fleet${names.length === 0 ? ', which has none yet' : `; it has ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', ...' : ''}`}`;
