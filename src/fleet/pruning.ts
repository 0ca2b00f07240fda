/** Old releases leave the store, and the documents that no release has any more. */

import { readReports } from './conductor.js';
import { DOCUMENTS, PRUNED, RELEASES, releaseKey, TARGET } from './layout.js';
import { releaseRecord } from './records.js';
import { findTarget, keyOfDocument, releaseIn } from './releases.js';
import type { FleetStore } from './store.js';

/** Keys in one transaction: etcd takes 128 operations (--max-txn-ops). */
const AT_ONCE = 100;

/**
 * Removes all releases but the newest ones, those that the target names, and those that directors run. A push that goes on at the same
 * time has documents in the store that no release has yet, and a rollout that begins names one of the old ones: each compares with what the
 * other one writes.
 * @param keep how many of the newest stay
 * @returns the numbers of those that were removed; none if a release was made, or another one became the target, meanwhile
 * @throws StoreError
 */
export async function pruneReleases(store: FleetStore, keep: number, time: string): Promise<number[]> {
  const [{ entries }, { revision, target, problem }, reports] = await Promise.all([
    store.read(RELEASES),
    findTarget(store),
    readReports(store),
  ]);
  // A target that cannot be read may name any of them.
  if (problem !== undefined || entries.length <= keep) return [];
  const named = new Set([
    target?.release,
    target?.previous?.release,
    ...Array.from(reports.values(), ({ release }) => release),
  ]);
  const newest = entries.slice(-keep);
  const stays = entries.filter((entry) => newest.includes(entry) || named.has(releaseIn(entry.key)));
  const goes = entries.filter((entry) => !stays.includes(entry)).map(({ key }) => key);
  if (goes.length === 0) return [];
  const used = new Set(
    stays.flatMap((entry) => releaseRecord.parse(entry, store.name).documents.map(keyOfDocument)),
  );
  const unused = (await store.keys(DOCUMENTS)).filter((key) => !used.has(key));
  const next = releaseKey(releaseIn(entries.at(-1)?.key ?? '') + 1);
  // Releases go first: one without its documents could not be run.
  const keys = [...goes, ...unused];
  for (let start = 0; start < keys.length; start += AT_ONCE) {
    const written = await store.commit({
      // A target that was written meanwhile may name one of them.
      comparisons: [
        { key: next, revision: 0 },
        { key: TARGET, revision },
      ],
      writes: [
        // Each batch writes another value: by its value a second attempt finds out whether the first one, whose answer was lost, was made.
        { key: PRUNED, value: `${time} ${start}` },
        ...keys.slice(start, start + AT_ONCE).map((key) => ({ remove: key })),
      ],
    });
    if (written === undefined) return [];
  }
  return goes.map(releaseIn);
}
