/** What is left of a set-up that was killed in the middle can be undone, wherever the middle was. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { HostError } from '../../src/errors.js';
import { modern } from '../support/modern.js';
import { inOwnNetwork } from '../support/netns.js';
import { type NetworkState, networkBecomes, settledNetwork } from '../support/network-state.js';

const script = join(import.meta.dirname, '../support/interrupted-up.js');
const vips = ['192.0.2.10', '2001:db8::10'];
/** Two settings, two addresses. */
const CHANGES = 4;

inOwnNetwork(import.meta.url, 'a set-up that is killed, in a network namespace', () => {
  let directory: string;
  let state: string;
  /** The network before any set-up, to which every test leads back. */
  let start: NetworkState;

  before(async () => {
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    directory = mkdtempSync(join(tmpdir(), 'lvsadm-'));
    state = join(directory, 'real-server.json');
    start = await settledNetwork();
  });
  after(() => rmSync(directory, { recursive: true }));

  const interrupt = (at: number, when: string) => {
    const { signal, stderr } = spawnSync(process.execPath, [script, state, String(at), when, ...vips]);
    assert.equal(signal, 'SIGKILL', String(stderr));
    assert.ok(existsSync(state));
  };

  for (const when of ['before', 'after']) {
    for (let at = 1; at <= CHANGES; at++) {
      test(`${when} change ${at}: down leads back to where it was`, async () => {
        interrupt(at, when);
        const { status, err } = await modern('real-server', 'down', '--state', state);
        assert.deepEqual([status, err], [0, '']);
        await networkBecomes(start);
        assert.ok(!existsSync(state));
      });
    }
  }

  test('up continues where it was killed, and down restores the start', async () => {
    interrupt(2, 'before');
    interrupt(1, 'after');
    const { status } = await modern(
      'real-server',
      'up',
      '--method',
      'dr',
      '--vip',
      ...vips,
      '--state',
      state,
    );
    assert.equal(status, 0);
    assert.match(execFileSync('ip', ['address', 'show', 'lo'], { encoding: 'utf8' }), /192\.0\.2\.10\/32/);
    await modern('real-server', 'down', '--state', state);
    await networkBecomes(start);
  });

  test('a half-written new journal is not read', async () => {
    interrupt(3, 'after');
    writeFileSync(`${state}.lvsadm-new`, '{"version":1,"ent');
    await modern('real-server', 'down', '--state', state);
    await networkBecomes(start);
  });

  test('a damaged journal is an error, and nothing is changed', async () => {
    for (const text of [
      '',
      '{"version":2,"entries":[]}',
      '{"version":1,"entries":[{"step":{"do":"dance"}}]}',
      '[]',
    ]) {
      writeFileSync(state, text);
      await assert.rejects(modern('real-server', 'down', '--state', state), HostError);
      assert.ok(existsSync(state));
    }
    rmSync(state);
    await networkBecomes(start);
  });
});
