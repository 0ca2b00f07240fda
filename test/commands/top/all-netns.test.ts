// top --all-netns: what processes in all namespaces write of one interval, told apart by the name.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { HostError } from '../../../src/errors.js';
import { everywhere } from '../../support/all-netns.js';
import { Director } from '../../support/director.js';
import { document } from '../../support/top-table.js';

/** Where a run of the program itself is. */
const placeOf = (words: readonly string[]): string =>
  words.includes('--netns') ? (words.at(-1) ?? '') : 'here';

test('--once --json writes an object for each namespace, which has its name', async (t: TestContext) => {
  const director = await Director.start(t);
  await director.run(['apply', '-f', '-'], { stdin: document });
  const options = ['--interval', '0.5', '--sort', 'cps', "--filter=-x $& 'y'", '--units', 'bits'];
  const own = await director.run(['top', '--once', '--json', ...options]);
  const runs: (readonly string[])[] = [];
  const { status, out, err } = await everywhere(
    ['top', '--once', '--json', '--all-netns', ...options],
    (words) => {
      runs.push(words);
      return own;
    },
  );
  assert.deepEqual([status, err], [0, '']);
  const expected = JSON.parse(own.out);
  const objects = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    objects,
    [null, 'blue', 'green'].map((netns) => ({ netns, ...expected })),
  );
  assert.deepEqual(runs.map(placeOf), ['here', '/run/netns/blue', '/run/netns/green']);
  const again = await director.run(runs[0] ?? []);
  assert.equal(JSON.parse(again.out).seconds, 0.5);
});

test('--once writes the text of each namespace below its heading', async () => {
  const { out } = await everywhere(['top', '--once', '--all-netns'], (words) => ({
    status: 0,
    out: `of ${placeOf(words)}\n`,
  }));
  assert.equal(
    out,
    '--- # this network namespace\nof here\n' +
      '--- # network namespace blue\nof /run/netns/blue\n' +
      '--- # network namespace green\nof /run/netns/green\n',
  );
});

test('a namespace that is deleted meanwhile is left out', async () => {
  const { status, out } = await everywhere(
    ['top', '--once', '--all-netns'],
    (words) => ({ status: 0, out: `of ${placeOf(words)}\n` }),
    { deleted: 'blue' },
  );
  assert.equal(status, 0);
  assert.deepEqual(out.match(/of .*/g), ['of here', 'of /run/netns/green']);
});

test('--json goes on after an interval that fails, until it is asked to stop', async () => {
  const stop = new AbortController();
  let runs = 0;
  const { status, out, err } = await everywhere(
    ['top', '--json', '--all-netns'],
    () => {
      runs++;
      if (runs === 10) stop.abort('SIGTERM');
      return runs === 5 ? { status: 2, out: '' } : { status: 0, out: `{"run":${runs}}\n` };
    },
    { stopRequest: () => stop.signal },
  );
  assert.equal(status, 0);
  assert.deepEqual(out.split('\n').slice(0, 6), [
    '{"netns":null,"run":1}',
    '{"netns":"blue","run":2}',
    '{"netns":"green","run":3}',
    '{"netns":null,"run":4}',
    '{"netns":"green","run":6}',
    '{"netns":null,"run":7}',
  ]);
  assert.equal(err, 'lvsadm: cannot read network namespace blue: exit status 2\n');
});

test('--json waits an interval before it tries again what failed at once', async () => {
  const stop = new AbortController();
  let time = 0;
  const pauses: number[] = [];
  const { status } = await everywhere(
    ['top', '--json', '--all-netns', '--interval', '5'],
    () => ({ status: time === 0 ? 0 : 2, out: '{"run":1}\n' }),
    {
      stopRequest: () => stop.signal,
      now: () => time,
      sleep: async (milliseconds) => {
        time += milliseconds;
        if (pauses.push(milliseconds) === 20) stop.abort('SIGTERM');
      },
    },
  );
  assert.equal(status, 0);
  assert.deepEqual(pauses, Array(20).fill(5000));
});

test('a request to stop ends the processes of the interval', async () => {
  const stop = new AbortController();
  let ended = 0;
  const { status, out, err } = await everywhere(['top', '--json', '--all-netns'], () => assert.fail('runs'), {
    stopRequest: () => stop.signal,
    runSelf: (_words, _stdout, signal) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          ended++;
          reject(new HostError('run lvsadm', 'it was ended'));
        });
        setTimeout(() => stop.abort('SIGTERM'), 10);
      }),
  });
  assert.deepEqual([status, out, err, ended], [0, '', '', 3]);
});

test('a process that was ended, and wrote nothing, is no object', async () => {
  const { out, err } = await everywhere(['top', '--once', '--json', '--all-netns'], (words) => ({
    status: 0,
    out: placeOf(words).endsWith('blue') ? '' : '{"run":1}\n',
  }));
  assert.equal(out, '{"netns":null,"run":1}\n{"netns":"green","run":1}\n');
  assert.equal(err, 'lvsadm: cannot read network namespace blue: no output\n');
});

test('a first interval that fails is an error, and the live screen has one namespace', async () => {
  const failed = await everywhere(['top', '--json', '--all-netns'], () => ({ status: 2, out: '' }));
  assert.deepEqual(
    [failed.status, JSON.parse(failed.out).error.message, failed.err],
    [
      255,
      'cannot read this network namespace: exit status 2',
      'lvsadm: cannot read this network namespace: exit status 2\n',
    ],
  );
  const { status, err } = await everywhere(['top', '--all-netns'], () => assert.fail('runs'));
  assert.equal(status, 2);
  assert.match(err, /^lvsadm: --all-netns: needs --once or --json: the screen has one namespace\n/);
});
