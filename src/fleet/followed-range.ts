/** A range of the store as it is, and as it becomes. */
import { StoreError } from '../errors.js';
import { type Clock, passed } from '../system/clock.js';
import { LOOK, REREAD } from './member-ports.js';
import type { Entry, FleetStore } from './store.js';

/**
 * Follows a range until it is stopped: from a reading of it on by a watch, which is begun anew each few minutes.
 * @param take called with all entries of the range, at first and after each change. The next change waits until it resolves
 * @throws StoreError, and what `take` throws
 */
export async function followRange(
  store: FleetStore,
  range: string,
  clock: Clock,
  stop: AbortSignal,
  take: (entries: readonly Entry[]) => Promise<void>,
): Promise<void> {
  while (!stop.aborted) {
    const { entries, revision } = await store.read(range);
    const known = new Map(entries.map((entry) => [entry.key, entry]));
    const again = new AbortController();
    const cancel = clock.after(REREAD, () => again.abort());
    try {
      await take([...known.values()]);
      for await (const changes of store.watch(range, revision, AbortSignal.any([stop, again.signal]))) {
        for (const { key, value, revision } of changes) {
          if (value === undefined) known.delete(key);
          else known.set(key, { key, value, revision });
        }
        await take([...known.values()]);
      }
    } catch (error) {
      // What is there now says more than what is forgotten.
      if (!(error instanceof StoreError && error.kind === 'compacted')) throw error;
      await passed(clock, LOOK, stop);
    } finally {
      cancel();
    }
  }
}
