// The file of the agent's memory: namespaces, boots, and disks that cannot be read.
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type AgentMemory, noMemory } from '../../../src/agent/memory.js';
import { MemoryStore } from '../../../src/commands/run/memory-store.js';
import { runQuorumCommand } from '../../../src/commands/run/quorum-command.js';
import type { Files } from '../../../src/system/files/files.js';
import { Captured } from '../../support/captured.js';
import { contextWith } from '../../support/context.js';
import { ownFiles } from '../../support/flock.js';

const memory: AgentMemory = {
  ...noMemory,
  starts: new Map([['tcp://192.0.2.10:80 198.51.100.7:80', 'due']]),
};

/** A directory of state, on a machine in one of its boots. */
async function machine(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'lvsadm-test-'));
  t.after(() => rm(directory, { recursive: true }));
  const err = new Captured();
  const store = (boot: string, isFirst: boolean) => {
    const files: Files = {
      ...ownFiles,
      // As for a process with fewer capabilities than the first one has.
      readlinkSync: (path) => (path.startsWith('/proc/1/') ? assert.fail(path) : ownFiles.readlinkSync(path)),
      statSync: (path) =>
        path === '/proc/1/net/dev'
          ? { mode: 0, ino: isFirst ? ownFiles.statSync('/proc/self/net/dev').ino : 1 }
          : ownFiles.statSync(path),
      readFileSync: (from, encoding) =>
        from === '/proc/sys/kernel/random/boot_id' ? `${boot}\n` : ownFiles.readFileSync(from, encoding),
    };
    return new MemoryStore(contextWith({ out: new Captured(), err, files }), directory);
  };
  return { directory, err, store };
}

test('the memory of the first namespace outlives a reboot; the numbers of others are given out again', async (t) => {
  const { directory, store } = await machine(t);
  const [before, after] = ['0123abcd-0000', 'fedc9876-0000'];
  await store(before, true).write(memory);
  assert.deepEqual(store(after, true).read(), memory);
  await store(before, false).write(memory);
  assert.deepEqual(store(before, false).read(), memory);
  assert.deepEqual(store(after, false).read(), noMemory);
  assert.deepEqual(await readdir(directory), ['agent.json']);
});

test('a memory that cannot be read is told, and costs no more than the states', async (t) => {
  const { directory, store, err } = await machine(t);
  await mkdir(join(directory, 'agent.json'));
  assert.deepEqual(store('0123abcd', true).read(), noMemory);
  assert.match(
    err.text,
    /^lvsadm: cannot read .*agent\.json: illegal operation on a directory; the states of servers are lost/,
  );
});

test('a directory in which other users may write is told, and its memory ignored', {
  skip: process.geteuid?.() !== 0 && 'only what root reads is its own',
}, async (t) => {
  const { directory, store, err } = await machine(t);
  await store('0123abcd', true).write(memory);
  await chmod(directory, 0o777);
  assert.deepEqual(store('0123abcd', true).read(), noMemory);
  assert.match(
    err.text,
    /^lvsadm: state is ignored: \/tmp\/\S+ may be written by all users \(mode 0777\)\n$/,
  );
});

test('a program of a quorum that another user may write does not run as root', {
  skip: process.geteuid?.() !== 0 && 'only root refuses it',
}, async (t) => {
  const { directory } = await machine(t);
  const program = join(directory, 'down');
  await writeFile(program, '#!/bin/sh\n');
  await chmod(program, 0o755);
  assert.equal(await runQuorumCommand([program], ownFiles), undefined);
  await chmod(program, 0o757);
  const failure = await runQuorumCommand([program], ownFiles);
  assert.equal(failure, `not run as root: ${program} may be written by all users (mode 0757)`);
});
