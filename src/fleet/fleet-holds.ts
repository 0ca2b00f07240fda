/** The holds that an operator has in the store, for all directors. */
import { StoreError, UsageError } from '../errors.js';
import { type Hold, type Holds, holdKey, holdText, inForce, isWeakened } from '../model/hold.js';
import { fleetHoldKey, HOLDS } from './layout.js';
import { type HoldEntry, holdRecord } from './records.js';
import { sha256 } from './releases.js';
import type { Entry, FleetStore } from './store.js';

/** @param unreadable takes an entry that is no hold */
export function holdsIn(
  entries: readonly Entry[],
  store: string,
  unreadable: (entry: Entry, error: StoreError) => Hold | undefined,
): Holds {
  const holds = entries.flatMap((entry) => {
    try {
      return [holdOf(holdRecord.parse(entry, store))];
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return unreadable(entry, error) ?? [];
    }
  });
  return new Map(holds.map((hold) => [holdKey(hold), hold]));
}

/** The holds, expired ones among them, and why others cannot be read. @throws StoreError */
export async function readFleetHolds(
  store: FleetStore,
): Promise<{ readonly holds: Holds; readonly problems: readonly StoreError[] }> {
  const problems: StoreError[] = [];
  const { entries } = await store.read(HOLDS);
  const holds = holdsIn(entries, store.name, (_, error) => {
    problems.push(error);
    return undefined;
  });
  return { holds, problems };
}

/** Two sets of holds of one digest are the same, whatever their order. */
export const holdsDigest = (holds: Iterable<Hold>): string =>
  sha256(
    Array.from(holds, (hold) => JSON.stringify(entryOf(hold)))
      .sort()
      .join('\n'),
  ).slice(0, 16);

/**
 * Holds servers on all directors, all of them or none.
 * @param force whether holds of other users may be replaced by weaker ones
 * @throws UsageError for a hold of another user that would end earlier or has another weight, and if somebody else changes one of
 * them; StoreError
 */
export async function holdInFleet(
  store: FleetStore,
  holds: readonly Hold[],
  force: boolean,
  now: number,
): Promise<void> {
  const { entries } = await store.read(HOLDS);
  const revisions = new Map(entries.map(({ key, revision }) => [key, revision]));
  const known = holdsIn(entries, store.name, () => undefined);
  const before = inForce(known, now);
  for (const hold of force ? [] : holds) {
    const weakened = before.get(holdKey(hold));
    if (weakened === undefined || weakened.by === hold.by || !isWeakened(weakened, hold)) continue;
    throw new UsageError(
      `${holdText(weakened, now)}; --force replaces the hold`,
      `${hold.server} of ${hold.service}`,
    );
  }
  const keys = new Set(holds.map(holdKey));
  const expired = [...known.keys()].filter((key) => !before.has(key) && !keys.has(key));
  await change(store, [
    ...holds.map((hold) => {
      const key = fleetHoldKey(holdKey(hold));
      return { revision: revisions.get(key) ?? 0, write: { key, value: holdRecord.format(entryOf(hold)) } };
    }),
    // Nobody else removes them.
    ...expired.slice(0, Math.max(0, MOST_CHANGES - holds.length)).map((hold) => {
      const key = fleetHoldKey(hold);
      return { revision: revisions.get(key) ?? 0, write: { remove: key } };
    }),
  ]);
}

/** Ends holds of the fleet. @throws UsageError if somebody else changes one of them; StoreError */
export async function releaseInFleet(store: FleetStore, holds: readonly Hold[]): Promise<void> {
  const { entries } = await store.read(HOLDS);
  const revisions = new Map(entries.map(({ key, revision }) => [key, revision]));
  await change(
    store,
    holds.map((hold) => {
      const key = fleetHoldKey(holdKey(hold));
      return { revision: revisions.get(key) ?? 0, write: { remove: key } };
    }),
  );
}

/** Changes in one transaction: etcd takes 128 operations, its own limit (--max-txn-ops). */
const MOST_CHANGES = 100;

interface HoldChange {
  /** Of the hold that was read; 0: there was none. */
  readonly revision: number;
  readonly write: { readonly key: string; readonly value: string } | { readonly remove: string };
}

async function change(store: FleetStore, changes: readonly HoldChange[]): Promise<void> {
  if (changes.length > MOST_CHANGES)
    throw new UsageError(
      `${changes.length} servers are more than the ${MOST_CHANGES} that can be held at once`,
    );
  const written = await store.commit({
    comparisons: changes.map(({ revision, write }) => ({
      key: 'key' in write ? write.key : write.remove,
      revision,
    })),
    writes: changes.map(({ write }) => write),
  });
  if (written === undefined)
    throw new UsageError('somebody else has changed a hold of these servers meanwhile');
}

/** A director gives a server the weight of its documents when the hold ends: `before` is of no use. */
export const holdOf = ({ service, server, weight, by, since, until, reason }: HoldEntry): Hold => ({
  service,
  server,
  weight,
  before: weight,
  by,
  since: Date.parse(since),
  until: until === undefined ? undefined : Date.parse(until),
  reason,
  ofFleet: true,
});

export const entryOf = ({ service, server, weight, by, since, until, reason }: Hold): HoldEntry => ({
  service,
  server,
  weight,
  by,
  since: new Date(since).toISOString(),
  ...(until !== undefined && { until: new Date(until).toISOString() }),
  ...(reason !== undefined && { reason }),
});
