// State of the agent over disks that hang or are full.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StateFile } from '../../../src/commands/run/state-file.js';
import type { StateKind } from '../../../src/system/files/state-kind.js';
import { Store } from '../../../src/system/files/store.js';
import { Captured } from '../../support/captured.js';
import { contextWith } from '../../support/context.js';
import { ownFiles } from '../../support/flock.js';
import { ManualClock } from '../../support/manual-clock.js';

const kind: StateKind<number> = {
  name: 'number',
  empty: 0,
  parse: Number,
  format: (state) => state,
  loss: 'it is lost',
  expendable: true,
  outlivesBoot: true,
};

/** Milliseconds that no disk of a test takes. */
const SECONDS = 60_000;

async function place(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'lvsadm-test-'));
  t.after(() => rm(directory, { recursive: true }));
  const err = new Captured();
  const context = contextWith({ out: new Captured(), err, files: ownFiles });
  return { directory, err, context, newFile: () => new StateFile(context, directory, kind) };
}

test('a disk that hangs delays a state by half a second, once, is told once, and gets the newest state in the end', async (t) => {
  const { directory, context, err, newFile } = await place(t);
  const gates: (() => void)[] = [];
  const waiting = (): number => gates.length;
  const write = Store.prototype.replaceInBackground;
  t.mock.method(
    Store.prototype,
    'replaceInBackground',
    async function (this: Store, ...words: [StateKind<unknown>, unknown]) {
      await new Promise<void>((resolve) => gates.push(resolve));
      return write.apply(this, words);
    },
  );
  const clock = new ManualClock();
  const file = new StateFile(context, directory, kind, clock);
  const settled: (string | undefined)[] = [];
  void file.write(1).then((failure) => settled.push(failure));
  await clock.pass(499);
  assert.deepEqual(settled, []);
  await clock.pass(1);
  assert.match(settled[0] ?? '', /number.*\.json: the disk has not answered for 0\.5 s/);
  await Promise.all([file.write(2), file.write(3), file.write(4)]);
  assert.deepEqual([waiting(), err.text, file.problem], [1, '', undefined]);
  await clock.pass(10_000);
  assert.match(file.problem ?? '', /the disk has not answered for 10 s/);
  assert.equal(err.text, `lvsadm: ${file.problem}\n`);
  gates.shift()?.();
  while (waiting() === 0) await sleep(5);
  gates.shift()?.();
  while (newFile().read() !== 4) await sleep(5);
  while (file.problem !== undefined) await sleep(5);
  assert.equal(waiting(), 0);
});

test('the end of a process waits for the last state, and not for a disk that hangs', async (t) => {
  const { directory, context, newFile } = await place(t);
  let go = (): void => {};
  const write = Store.prototype.replaceInBackground;
  t.mock.method(
    Store.prototype,
    'replaceInBackground',
    async function (this: Store, ...words: [StateKind<unknown>, unknown]) {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      return write.apply(this, words);
    },
  );
  const clock = new ManualClock();
  const file = new StateFile(context, directory, kind, clock);
  void file.write(1);
  await clock.pass(5000);
  let isIdle = false;
  const idle = file.idle().then(() => {
    isIdle = true;
  });
  await clock.pass(10_000);
  assert.ok(!isIdle);
  go();
  await idle;
  assert.equal(newFile().read(), 1);
  void file.write(2);
  const hanging = file.idle();
  await clock.pass(20_000);
  await hanging;
});

test('a disk that refuses is told once, and the state is kept when it takes it again', async (t) => {
  const { directory, err, context } = await place(t);
  const blocked = join(directory, 'state');
  await writeFile(blocked, '');
  const file = new StateFile(context, blocked, kind);
  assert.match((await file.write(1, SECONDS)) ?? '', /not a directory/);
  assert.equal(await file.write(2, SECONDS), file.problem);
  assert.equal(err.text.split('\n').length, 2, err.text);
  await rm(blocked);
  await mkdir(blocked);
  assert.equal(await file.write(3, SECONDS), undefined);
  assert.equal(file.problem, undefined);
  assert.equal(file.read(), 3);
});
