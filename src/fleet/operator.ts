/** What an operator does to a fleet: each is one transaction, which compares with what was read. */
import { UsageError } from '../errors.js';
import { readReports } from './conductor.js';
import { LAYOUT, MEMBERS, memberKey, nameIn, nodeKey } from './layout.js';
import { type Member, memberRecord, type NodeReport, requireLayout, type Target } from './records.js';
import {
  type Authorship,
  findRelease,
  lastGood,
  readTarget,
  replaceTarget,
  type TargetEntry,
} from './releases.js';
import { planWaves, type WaveRequest } from './rollout.js';
import type { FleetStore } from './store.js';

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
  readonly target: TargetEntry;
  readonly members: ReadonlyMap<string, Member>;
  readonly reports: ReadonlyMap<string, NodeReport>;
}

/** @throws UsageError for a store without a fleet; StoreError */
export async function readFleet(store: FleetStore): Promise<Fleet> {
  const [entry] = (await store.read(LAYOUT)).entries;
  if (entry === undefined) throw new UsageError(`${store.name} has no fleet; lvsadm fleet push makes one`);
  const { fleet } = requireLayout(entry, store.name);
  const [target, members, reports] = await Promise.all([
    readTarget(store),
    readMembers(store),
    readReports(store),
  ]);
  return {
    id: fleet,
    target,
    members,
    reports,
  };
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
  await findRelease(store, release);
  if (before?.state === 'rolling' && !supersede) {
    const which = `release ${before.release} of ${before.author}`;
    throw new UsageError(
      `the rollout of ${which} is under way: wait, hold it, or replace it with --supersede`,
    );
  }
  requireMembers(waves, fleet);
  const sequence = (before?.sequence ?? 0) + 1;
  const previous = lastGood(fleet.target);
  const target: Target = {
    fleet: fleet.id,
    sequence,
    release,
    ...(previous && { previous }),
    cause,
    author,
    time,
    ...(comment !== undefined && { comment }),
    waves: planWaves(waves, [...fleet.members.keys()], sequence),
    open: 0,
    state: 'rolling',
    maxDown,
    onFailure,
    patience,
    absent: lostMembers(fleet),
  };
  return change(store, fleet.target, target);
}

/** Keeps the rollout from going on. @throws UsageError if none is under way, or somebody else changes it; StoreError */
export async function holdRollout(store: FleetStore, reason: string): Promise<Target> {
  const entry = await readTarget(store);
  if (entry.target?.state !== 'rolling') throw new UsageError(`there is no rollout to hold${stateOf(entry)}`);
  return change(store, entry, { ...entry.target, state: 'held', reason });
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
  await store.commit({
    // It may have come back this moment.
    comparisons: [{ key: nodeKey(name), revision: 0 }],
    writes: [{ remove: memberKey(name) }],
  });
}

async function change(store: FleetStore, entry: TargetEntry, target: Target): Promise<Target> {
  if ((await replaceTarget(store, entry, target)) !== undefined) return target;
  const { target: now } = await readTarget(store);
  const by = now === undefined ? 'somebody else' : `release ${now.release} of ${now.author}, ${now.state}`;
  throw new UsageError(`the target has been changed meanwhile: it is ${by}`);
}

const stateOf = ({ target }: TargetEntry): string =>
  target === undefined ? ': nothing has been released' : `: release ${target.release} is ${target.state}`;

function requireMembers(waves: readonly WaveRequest[], { members }: Fleet): void {
  for (const wave of waves) {
    const name = 'nodes' in wave ? wave.nodes.find((each) => !members.has(each)) : undefined;
    if (name !== undefined) throw new UsageError(notThere(name, [...members.keys()]));
  }
}

const notThere = (name: string, names: readonly string[]): string =>
  `${name} is no director of the fleet${names.length === 0 ? ', which has none yet' : `; it has ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', ...' : ''}`}`;
