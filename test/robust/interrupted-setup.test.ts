/**
 * Set-ups of real servers and directors that are killed at every step (a change of a file, of a setting or of the network), and those
 * whose journal cannot be written from a step on.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs, { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { main } from '../../src/cli/main.js';
import { openNodeSocket } from '../../src/netlink/transport/node.js';
import { Captured } from '../support/captured.js';
import { contextWith } from '../support/context.js';
import { isFull } from '../support/extent.js';
import { inOwnNetwork } from '../support/netns.js';
import { type NetworkState, networkBecomes, settledNetwork } from '../support/network-state.js';
import {
  countedFiles,
  countedSockets,
  FileLocks,
  failingFrom,
  Steps,
  uninterrupted,
} from '../support/steps.js';

const realServer = ['real-server', 'up', '--method', 'dr', '--vip', '192.0.2.10', '2001:db8::10'];
const director = ['director', 'up', '--vip', '192.0.2.10', '--interface', 'nic'];

/** To compare a network takes a tenth of a second: `npm run test:robust` tries all steps, `npm test` every fifth. */
const STRIDE = isFull ? 1 : 5;

inOwnNetwork(import.meta.url, 'set-ups that are killed at every step, in a network namespace', () => {
  let directory: string;
  let start: NetworkState;

  before(async () => {
    const ip = (...words: string[]) => execFileSync('ip', words);
    ip('link', 'set', 'lo', 'up');
    ip('link', 'add', 'nic', 'type', 'veth', 'peer', 'name', 'peer');
    for (const name of ['nic', 'peer']) ip('link', 'set', name, 'addrgenmode', 'none', 'up');
    ip('address', 'add', '198.51.100.1/24', 'dev', 'nic');
    // The module is there as far as lvsadm can see: this kernel need not have it.
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/sys/module']);
    mkdirSync('/sys/module/ip_vs');
    directory = mkdtempSync(join(tmpdir(), 'lvsadm-'));
    start = await settledNetwork();
  });
  after(() => rmSync(directory, { recursive: true }));

  const locks = new FileLocks();
  const state = () => join(directory, 'state.json');

  async function run(words: readonly string[], interrupted = uninterrupted(), journal = interrupted) {
    const err = new Captured();
    const context = contextWith({
      out: new Captured(),
      err,
      files: countedFiles(fs, journal, locks, interrupted),
      openSocket: countedSockets(openNodeSocket, interrupted),
      now: () => performance.now(),
    });
    const status = await main([...words, '--state', state()], context);
    return { status, err: err.text };
  }

  async function done(words: readonly string[]): Promise<void> {
    const { status, err } = await run(words);
    assert.equal(status, 0, err);
  }

  /** Kills a command at each of its steps. @param goOn must lead back to the start */
  async function killedAtEveryStep(
    words: readonly string[],
    prepare: () => Promise<void>,
    goOn: () => Promise<void>,
  ): Promise<void> {
    for (let step = 0, isOver = false; !isOver; step += STRIDE) {
      await prepare();
      const interrupted = new Steps(step, () => interrupted.kill());
      await run(words, interrupted);
      isOver = interrupted.count <= step;
      assert.ok(!isOver || step > 5, `only ${step} steps`);
      await goOn();
      await networkBecomes(start);
      assert.ok(!existsSync(state()), `step ${step}: the journal is left`);
    }
  }

  for (const [name, up, down, code] of [
    ['real-server', realServer, ['real-server', 'down'], 'ENOSPC'],
    ['director', director, ['director', 'down', '--force'], 'EROFS'],
  ] as const) {
    test(`${name} up that is killed is undone by down`, () =>
      killedAtEveryStep(
        up,
        async () => {},
        () => done(down),
      ));

    test(`${name} up that is killed is completed by up`, () =>
      killedAtEveryStep(
        up,
        async () => {},
        async () => {
          await done(up);
          assert.equal((await run([name, 'status'])).status, 0);
          await done(down);
        },
      ));

    test(`${name} up and down end without a fault where the journal cannot be written: ${code}`, async () => {
      for (const words of [up, down]) {
        for (let step = 0, isOver = false; !isOver; step += STRIDE) {
          if (words === down) await done(up);
          const journal = failingFrom(step, code);
          const { status, err } = await run(words, uninterrupted(), journal);
          isOver = journal.count <= step;
          // The last change empties a lock's file, which does without.
          assert.ok(status === 0 || (status === 255 && !isOver), `step ${step}: ${status}: ${err}`);
          if (status === 255)
            assert.match(err, /^lvsadm: .*(no space left on device|read-only file system)/m);
          await done(down);
          await networkBecomes(start);
          assert.ok(!existsSync(state()), `step ${step}: the journal is left`);
        }
      }
    });

    test(`${name} down that is killed is completed by down`, () =>
      killedAtEveryStep(
        down,
        () => done(up),
        () => done(down),
      ));
  }

  test('a journal that was half written when its process was killed is not read', async () => {
    await done(realServer);
    writeFileSync(`${state()}.lvsadm-new`, '{"version":2,"ent');
    await done(['real-server', 'down']);
    await networkBecomes(start);
  });
});
