// One lock among processes, of which some die while they hold it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockedError } from '../../src/errors.js';
import { type Patience, takeLock } from '../../src/system/lock.js';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lvsadm-test-'));
  path = join(directory, 'apply.lock');
});
afterEach(() => rm(directory, { recursive: true }));

const patience = (wait: number, more: Partial<Patience> = {}): Patience => ({
  wait,
  now: () => performance.now(),
  sleep,
  ...more,
});

const module = new URL('../../src/system/lock.js', import.meta.url).href;

/** A process that takes the lock, says so, and holds it until it is killed. */
async function holder(): Promise<{ pid: number; kill(): Promise<void> }> {
  const script = `
    const { takeLock } = await import(${JSON.stringify(module)});
    const fs = await import('node:fs');
    await takeLock(${JSON.stringify(path)}, fs, { wait: 0, now: () => 0, sleep: async () => {} });
    process.stdout.write('held');
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    pid: Number(child.pid),
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

test('a released lock is free again, and leaves no file', async () => {
  for (let time = 0; time < 2; time++) {
    const release = await takeLock(path, fs, patience(0));
    assert.equal(JSON.parse(await readFile(path, 'utf8')).pid, process.pid);
    await release();
  }
  assert.deepEqual(await readdir(directory), []);
});

test('a second process gets the pid of the process that holds the lock', async () => {
  const other = await holder();
  try {
    const waited: number[] = [];
    await assert.rejects(
      takeLock(path, fs, patience(0, { waiting: (pid) => waited.push(pid) })),
      (error: unknown) => error instanceof LockedError && error.pid === other.pid && error.path === path,
    );
    assert.equal(waited.length, 0);
    await assert.rejects(
      takeLock(path, fs, patience(250, { waiting: (pid) => waited.push(pid) })),
      LockedError,
    );
    assert.deepEqual(waited, [other.pid]);
  } finally {
    await other.kill();
  }
});

test('a waiting process gets the lock when it is released', async () => {
  const release = await takeLock(path, fs, patience(0));
  const waiting = takeLock(path, fs, patience(10_000));
  await sleep(150);
  await release();
  await (await waiting)();
});

test('the lock of a killed process is free', async () => {
  const other = await holder();
  await other.kill();
  const release = await takeLock(path, fs, patience(0));
  await release();
  assert.deepEqual(await readdir(directory), []);
});

test('a process with a reused pid does not hold the lock', async () => {
  await writeFile(path, JSON.stringify({ pid: process.pid, started: 'long ago' }));
  await (await takeLock(path, fs, patience(0)))();
});

test('a lock file with other content does not block', async () => {
  await writeFile(path, 'hello');
  await (await takeLock(path, fs, patience(0)))();
});

test('a process that died while it removed a stale lock does not block others', async () => {
  const dead = JSON.stringify({ pid: 999_999_999, started: '1' });
  await writeFile(path, dead);
  await writeFile(`${path}.breaking`, dead);
  await (await takeLock(path, fs, patience(0)))();
});

test('of many processes that find a stale lock, one at a time holds it', async () => {
  await writeFile(path, JSON.stringify({ pid: 999_999_999, started: '1' }));
  const script = `
    import { readFileSync, writeFileSync } from 'node:fs';
    const { takeLock } = await import(${JSON.stringify(module)});
    const fs = await import('node:fs');
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const release = await takeLock(${JSON.stringify(path)}, fs, { wait: 60000, now: () => performance.now(), sleep });
    const counter = ${JSON.stringify(join(directory, 'counter'))};
    const before = Number(readFileSync(counter, 'utf8'));
    await sleep(20);
    writeFileSync(counter, String(before + 1));
    await release();
  `;
  await writeFile(join(directory, 'counter'), '0');
  const children = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' }),
  );
  const statuses = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
  assert.deepEqual(statuses, [0, 0, 0, 0, 0, 0]);
  assert.equal(await readFile(join(directory, 'counter'), 'utf8'), '6');
});
