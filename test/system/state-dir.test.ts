/** The files below /run/lvsadm: one scheme of names for every network namespace. */
import assert from 'node:assert/strict';
import fs, { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Journal, journalFile } from '../../src/setup/journal.js';
import { StateFile, stateFile } from '../../src/system/state-dir.js';

const inode = /\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0];

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lvsadm-test-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const context = () => ({ env: { LVSADM_RUN: directory }, files: fs });

test('a state file is named after the network namespace, below /run/lvsadm or LVSADM_RUN', () => {
  assert.equal(stateFile('apply.lock', { env: {}, files: fs }).path, `/run/lvsadm/${inode}.apply.lock`);
  assert.equal(stateFile('apply.lock', context()).path, `${directory}/${inode}.apply.lock`);
});

test('naming or reading a state file makes no directory; writing it does', async () => {
  const file = new StateFile(join(directory, 'run', 'weights.json'), fs);
  assert.equal(file.read(), undefined);
  assert.deepEqual(readdirSync(directory), []);
  await file.write('{}\n');
  assert.equal(file.read(), '{}\n');
  assert.deepEqual(readdirSync(join(directory, 'run')), ['weights.json'], 'nothing else is left');
  file.remove();
  file.remove();
  assert.equal(file.read(), undefined);
});

test('a journal under its earlier name is read, and goes on under its own', async () => {
  const earlier = join(directory, 'real-server.json');
  const step = (device: string) => ({ do: 'up', device }) as const;
  writeFileSync(earlier, JSON.stringify({ version: 1, entries: [{ step: step('eth0'), was: null }] }));
  const journal = await Journal.open(journalFile('real-server', context()));
  assert.deepEqual(journal.entries, [{ step: step('eth0'), previous: null }]);
  assert.deepEqual(readdirSync(directory), ['real-server.json'], 'reading changes nothing');
  await journal.add({ step: step('eth1'), previous: null });
  assert.deepEqual(readdirSync(directory), [`${inode}.real-server.json`]);
  assert.equal(JSON.parse(readFileSync(journal.path, 'utf8')).entries.length, 2);
});

test('a journal under its earlier name is removed when all is undone', async () => {
  const step = { do: 'up', device: 'eth0' } as const;
  const text = JSON.stringify({ version: 1, entries: [{ step, was: null }] });
  writeFileSync(join(directory, 'director.json'), text);
  const journal = await Journal.open(journalFile('director', context()));
  await journal.remove({ step, previous: null });
  assert.deepEqual(readdirSync(directory), []);
});
