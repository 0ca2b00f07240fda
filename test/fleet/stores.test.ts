/** The cases of stores, over those that need no program. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as files from 'node:fs';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DirectoryStore } from '../../src/fleet/directory-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { MemoryStore, SharedMemory } from '../support/memory-store.js';
import { storeCases } from '../support/store-cases.js';

storeCases('memory', async () => {
  const clock = new ManualClock();
  const memory = new SharedMemory(clock);
  return { open: () => new MemoryStore(memory), pass: (milliseconds) => clock.pass(milliseconds) };
});

storeCases('directory', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'lvsadm-store-')), 'lvs');
  return {
    open: () => new DirectoryStore(`file://${path}`, path, { files, interval: 50 }),
    pass: (milliseconds) => sleep(milliseconds),
  };
});

test('a directory that is only read is not made', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'lvsadm-store-')), 'lvs');
  const store = new DirectoryStore(`file://${path}`, path, { files });
  assert.deepEqual(await store.read(''), { revision: 0, entries: [] });
  assert.deepEqual(await store.keys('nodes/'), []);
  assert.equal(existsSync(path), false);
  assert.equal(await store.commit({ comparisons: [], writes: [{ key: 'target', value: '1' }] }), 1);
  assert.equal((await store.read('target')).entries.length, 1);
  store.close();
});

test('a file server that does not answer holds up no other work', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'lvsadm-store-')), 'lvs');
  mkdirSync(path);
  // Whoever opens it waits, as on a hard mount whose server is away.
  execFileSync('mkfifo', [join(path, 'lock')]);
  const store = new DirectoryStore(`file://${path}`, path, { files, answer: 200 });
  const begun = performance.now();
  let turns = 0;
  const timer = setInterval(() => turns++, 10);
  await assert.rejects(store.read('target'), /cannot read target: .*the file server does not answer/);
  await assert.rejects(
    store.commit({ comparisons: [], writes: [{ key: 'a', value: '' }] }),
    /does not answer/,
  );
  clearInterval(timer);
  assert.ok(turns >= 5, `${turns} turns in ${performance.now() - begun} ms`);
  // Each connection has a store of its own; libuv has four threads for all files.
  for (let i = 0; i < 5; i++)
    await assert.rejects(
      new DirectoryStore('another', path, { files, answer: 20 }).keys(''),
      /does not answer/,
    );
  const read = files.promises.readFile('/dev/null').then(() => true);
  const isRead = await Promise.race([read, sleep(5000).then(() => false)]);
  // It is back.
  closeSync(openSync(join(path, 'lock'), 'r+'));
  rmSync(join(path, 'lock'));
  await sleep(50);
  assert.equal((await store.read('')).entries.length, 0);
  store.close();
  assert.equal(isRead, true);
});

test('documents in a directory are readable by their owner alone', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'lvsadm-store-')), 'lvs');
  const store = new DirectoryStore(`file://${path}`, path, { files });
  await store.commit({ comparisons: [], writes: [{ key: 'a', value: 'x'.repeat(2000) }] });
  store.close();
  const [value = ''] = readdirSync(join(path, 'values'));
  const modeOf = (...names: string[]): number => files.statSync(join(path, ...names)).mode & 0o777;
  assert.deepEqual([modeOf(), modeOf('values')], [0o700, 0o700]);
  assert.deepEqual([modeOf('index.json'), modeOf('values', value)], [0o600, 0o600]);
});

test('a lease that a crash has cut stops no store', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'lvsadm-store-')), 'lvs');
  const store = new DirectoryStore(`file://${path}`, path, { files });
  const { id } = await store.lease(36);
  await store.commit({ comparisons: [], writes: [{ key: 'nodes/d1', value: '1', lease: id }] });
  const leases = join(path, 'leases');
  for (const name of ['0123456789abcdef.lvsadm-new', '00000000000000ff', '.nfs0001'])
    writeFileSync(join(leases, name), '');
  assert.deepEqual(await store.keys(''), ['nodes/d1']);
  assert.deepEqual(readdirSync(leases).sort(), ['.nfs0001', id]);
  store.close();
});
