/** Old releases: which ones leave the store, and with them which documents. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOCUMENTS, RELEASES } from '../../src/fleet/layout.js';
import { readFleet, startRollout } from '../../src/fleet/operator.js';
import { pruneReleases } from '../../src/fleet/pruning.js';
import {
  findRelease,
  listReleases,
  pushRelease,
  readDocuments,
  releaseIn,
} from '../../src/fleet/releases.js';
import { FleetFarm } from '../support/fleet-farm.js';
import { ManualClock } from '../support/manual-clock.js';
import { MemoryStore, SharedMemory } from '../support/memory-store.js';

const time = '2026-01-01T00:00:00.000Z';
const by = { author: 'alice', time };

const pushAll = async (store: MemoryStore, texts: readonly string[]): Promise<void> => {
  for (const text of texts)
    await pushRelease(
      store,
      [
        { name: 'same.yaml', text: 'the same' },
        { name: 'web.yaml', text },
      ],
      by,
    );
};

const releasesIn = async (store: MemoryStore): Promise<number[]> =>
  (await store.keys(RELEASES)).map(releaseIn);

test('the newest releases stay, and the documents that they have', async () => {
  const store = new MemoryStore(new SharedMemory(new ManualClock()));
  await pushAll(store, ['1', '2', '3', '2', '5']);
  assert.equal((await store.keys(DOCUMENTS)).length, 5);
  assert.deepEqual(await pruneReleases(store, 2, time), [1, 2, 3]);
  assert.deepEqual(await releasesIn(store), [4, 5]);
  assert.equal((await store.keys(DOCUMENTS)).length, 3);
  for (const id of [4, 5]) assert.equal((await readDocuments(store, await findRelease(store, id))).length, 2);
  assert.deepEqual(await pruneReleases(store, 2, time), []);
  assert.deepEqual(
    (await listReleases(store, 1)).map(({ id }) => id),
    [5],
  );
});

test('a release that the target names, or that a director runs, stays however old it is', async () => {
  const farm = await FleetFarm.running(2);
  for (const text of ['2', '3', '4', '5', '6']) await farm.push(text);
  await farm.host('d2').kill();
  await farm.release(3, { waves: [{ nodes: ['d1'], wait: 60_000 }] });
  await farm.pass(3000);
  assert.deepEqual(await pruneReleases(farm.store, 1, time), [2, 4, 5]);
  assert.deepEqual(await releasesIn(farm.store), [1, 3, 6]);
  await farm.end();
});

test('a push and the removal of documents that it takes up again do not harm each other', async () => {
  const memory = new SharedMemory(new ManualClock());
  const store = new MemoryStore(memory);
  await pushAll(store, ['1', '2', '3']);
  // Between the documents and the release of a push, the documents leave the store.
  let isFirst = true;
  const pushing = new MemoryStore(memory);
  const commit = pushing.commit.bind(pushing);
  pushing.commit = async (transaction) => {
    const makesRelease = transaction.writes.some((write) => 'key' in write && write.key.startsWith(RELEASES));
    if (makesRelease && isFirst) {
      isFirst = false;
      assert.deepEqual(await pruneReleases(store, 1, time), [1, 2]);
    }
    return commit(transaction);
  };
  await pushAll(pushing, ['1']);
  const documents = await readDocuments(store, await findRelease(store, 4));
  assert.deepEqual(
    documents.map(({ text }) => text),
    ['the same', '1'],
  );
});

/** A fleet of two directors and five releases, of which the first has been run. */
async function withOldReleases(): Promise<FleetFarm> {
  const farm = await FleetFarm.running(2);
  for (const text of ['2', '3', '4', '5']) await farm.push(text);
  return farm;
}

test('a rollout that begins while old releases are removed keeps its release', async () => {
  const farm = await withOldReleases();
  const pruning = new MemoryStore(farm.memory);
  const commit = pruning.commit.bind(pruning);
  pruning.commit = async (transaction) => {
    await farm.release(2, { waves: [{ nodes: ['d1'], wait: 60_000 }] });
    return commit(transaction);
  };
  assert.deepEqual(await pruneReleases(pruning, 1, time), []);
  assert.equal((await findRelease(farm.store, 2)).id, 2);
  await farm.end();
});

test('a rollout of a release that is removed at that moment is refused', async () => {
  const farm = await withOldReleases();
  const { store } = farm;
  const fleet = await readFleet(store);
  const late = new MemoryStore(farm.memory);
  const commit = late.commit.bind(late);
  late.commit = async (transaction) => {
    await pruneReleases(store, 1, time);
    return commit(transaction);
  };
  const request = {
    ...by,
    waves: [],
    maxDown: 1,
    onFailure: 'halt',
    patience: 60_000,
    supersede: false,
  } as const;
  await assert.rejects(startRollout(late, fleet, 2, 'release', request), /there is no release 2/);
  assert.equal((await readFleet(store)).target.target?.release, fleet.target.target?.release);
  await farm.end();
});
