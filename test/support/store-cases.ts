/** What every store of a fleet does, told once for all of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '../../src/errors.js';
import type { Change, FleetStore } from '../../src/fleet/store.js';

export interface StoreUnderTest {
  /** Another user of the same, empty store. */
  open(): FleetStore;
  /** Lets this many milliseconds pass. */
  pass(milliseconds: number): Promise<void>;
}

/** @param missing why the store cannot be had on this machine; asked when a test runs */
export function storeCases(
  name: string,
  start: () => Promise<StoreUnderTest>,
  missing: () => string | undefined = () => undefined,
): void {
  const storeTest = (
    title: string,
    story: (under: StoreUnderTest, store: FleetStore) => Promise<void>,
  ): void =>
    void test(`${name}: ${title}`, { timeout: 60_000 }, async (t) => {
      const reason = missing();
      if (reason !== undefined) return t.skip(reason);
      const under = await start();
      const store = under.open();
      try {
        await story(under, store);
      } finally {
        store.close();
      }
    });

  storeTest('a transaction writes all or nothing', async (_, store) => {
    const before = (await store.read('')).revision;
    const first = await store.commit({
      comparisons: [{ key: 'target', revision: 0 }],
      writes: [
        { key: 'target', value: 'one' },
        { key: 'releases/1', value: 'é\n' },
      ],
    });
    assert.ok(first !== undefined && first > before);
    const second = await store.commit({
      comparisons: [{ key: 'target', revision: 0 }],
      writes: [
        { key: 'target', value: 'two' },
        { key: 'releases/2', value: '' },
      ],
    });
    assert.equal(second, undefined);
    const { entries } = await store.read('');
    assert.deepEqual(entries, [
      { key: 'releases/1', value: 'é\n', revision: first },
      { key: 'target', value: 'one', revision: first },
    ]);
  });

  storeTest('of two that compare with the same revision one writes', async (under, store) => {
    const other = under.open();
    const revision = (await store.commit({ comparisons: [], writes: [{ key: 'target', value: '0' }] })) ?? 0;
    const attempts = [store, other].map((each, index) =>
      each.commit({
        comparisons: [{ key: 'target', revision }],
        writes: [{ key: 'target', value: `by ${index}` }],
      }),
    );
    const revisions = await Promise.all(attempts);
    assert.equal(revisions.filter((each) => each !== undefined).length, 1);
    const winner = revisions.findIndex((each) => each !== undefined);
    assert.equal((await other.read('target')).entries[0]?.value, `by ${winner}`);
    other.close();
  });

  storeTest('of two that write the same only one is told that it did', async (under, store) => {
    const other = under.open();
    const lease = await store.lease(30);
    const attempts = [store, other].map((each) =>
      each.commit({
        comparisons: [{ key: 'conductor', revision: 0 }],
        writes: [{ key: 'conductor', value: 'd1' }],
      }),
    );
    const revisions = await Promise.all(attempts);
    assert.equal(revisions.filter((each) => each !== undefined).length, 1);
    await lease.release();
    other.close();
  });

  storeTest('a range is a key, a directory or everything', async (_, store) => {
    const keys = ['a', 'nodes', 'nodes/d1', 'nodes/d10', 'nodes0', 'target'];
    await store.commit({ comparisons: [], writes: keys.map((key) => ({ key, value: key })) });
    assert.deepEqual(await store.keys(''), keys);
    assert.deepEqual(await store.keys('nodes/'), ['nodes/d1', 'nodes/d10']);
    assert.deepEqual(await store.keys('nodes/d1'), ['nodes/d1']);
    assert.deepEqual(await store.keys('nothing/'), []);
    await store.commit({ comparisons: [], writes: [{ remove: 'nodes/' }, { remove: 'a' }] });
    assert.deepEqual(await store.keys(''), ['nodes', 'nodes0', 'target']);
  });

  storeTest('long values and many keys are read whole, at one revision', async (_, store) => {
    const long = 'x'.repeat(900_000);
    await store.commit({ comparisons: [], writes: [{ key: 'documents/long', value: long }] });
    for (let start = 0; start < 1200; start += 100) {
      const writes = Array.from({ length: 100 }, (_, index) => ({
        key: `nodes/${start + index}`,
        value: '{}',
      }));
      await store.commit({ comparisons: [], writes });
    }
    const { entries, revision } = await store.read('nodes/');
    assert.equal(entries.length, 1200);
    assert.ok(entries.every((entry) => entry.revision <= revision));
    assert.equal((await store.read('documents/long')).entries[0]?.value, long);
  });

  storeTest('a watch tells each change after its revision, and removals', async (under, store) => {
    const other = under.open();
    const start = (await store.commit({ comparisons: [], writes: [{ key: 'target', value: '1' }] })) ?? 0;
    const stop = new AbortController();
    const seen: Change[] = [];
    const watching = (async () => {
      for await (const changes of store.watch('target', start, stop.signal)) seen.push(...changes);
    })();
    await under.pass(1500);
    await other.commit({ comparisons: [], writes: [{ key: 'nodes/d1', value: 'of no interest' }] });
    await other.commit({ comparisons: [], writes: [{ key: 'target', value: '2' }] });
    await under.pass(1500);
    await other.commit({ comparisons: [], writes: [{ remove: 'target' }] });
    await under.pass(1500);
    stop.abort();
    await watching;
    assert.deepEqual(
      seen.map(({ key, value }) => [key, value]),
      [
        ['target', '2'],
        ['target', undefined],
      ],
    );
    other.close();
  });

  storeTest('a watch that begins late tells the changes of each transaction apart', async (under, store) => {
    const start = (await store.read('')).revision;
    const put = (value: string) => store.commit({ comparisons: [], writes: [{ key: 'target', value }] });
    const stop = new AbortController();
    const seen: string[][] = [];
    const watch = async (): Promise<void> => {
      for await (const changes of store.watch('target', start, stop.signal))
        seen.push(changes.map(({ value = '' }) => value));
    };
    const values = ['1', '2', '3'];
    for (const value of values) await put(value);
    const watching = watch().catch((error: unknown) => error);
    await under.pass(1500);
    stop.abort();
    const failure = await watching;
    // A store without a history says so.
    if (failure instanceof StoreError) assert.equal(failure.kind, 'compacted');
    else assert.deepEqual([seen, failure], [[['1'], ['2'], ['3']], undefined]);
  });

  storeTest('keys go with their lease, and stay while it is renewed', async (under, store) => {
    const other = under.open();
    const lease = await other.lease(2);
    await other.commit({
      comparisons: [],
      writes: [
        { key: 'nodes/d1', value: '{}', lease: lease.id },
        { key: 'nodes/d2', value: '{}' },
      ],
    });
    await under.pass(5000);
    assert.deepEqual(await store.keys('nodes/'), ['nodes/d1', 'nodes/d2']);
    // Its process is gone.
    other.close();
    await under.pass(6000);
    assert.deepEqual(await store.keys('nodes/'), ['nodes/d2']);
  });

  storeTest('a lease that is released takes its keys along at once', async (under, store) => {
    const lease = await store.lease(30);
    await store.commit({ comparisons: [], writes: [{ key: 'conductor', value: 'd1', lease: lease.id }] });
    await lease.release();
    assert.ok(lease.lost.aborted);
    await under.pass(100);
    assert.deepEqual(await store.keys(''), []);
    await assert.rejects(
      async () =>
        store.commit({ comparisons: [], writes: [{ key: 'nodes/d1', value: '', lease: lease.id }] }),
      Error,
    );
  });

  storeTest('after it is closed it fails, and its watches end', async (under, store) => {
    const watching = (async () => {
      try {
        for await (const _ of store.watch(
          'target',
          (await store.read('')).revision,
          new AbortController().signal,
        ));
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
      }
    })();
    await under.pass(100);
    store.close();
    await watching;
  });
}
