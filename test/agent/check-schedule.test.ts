// When checks run: over a clock that moves only when the test says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CheckSchedule, type RepeatedCheck } from '../../src/agent/checks/check-schedule.js';
import { DueQueue } from '../../src/agent/checks/due-queue.js';
import type { CheckResult } from '../../src/health/run-check.js';
import { placeCheck } from '../../src/health/run-checks.js';
import { checkOf } from '../support/health/check-of.js';
import { ManualClock } from '../support/manual-clock.js';

const up: CheckResult = { ok: true, ms: 1, reason: 'up' };

/** A schedule whose checks take some milliseconds, and the moments at which they started, by key. */
function schedule({ takes = 0, random = (): number => 0.5, concurrency = 512 } = {}) {
  const clock = new ManualClock();
  const starts = new Map<string, number[]>();
  const counts = { open: 0, most: 0 };
  const errors: unknown[] = [];
  const checks = new CheckSchedule(
    {
      clock,
      random,
      async run({ target }) {
        const times = starts.get(target.address) ?? [];
        starts.set(target.address, [...times, clock.now()]);
        counts.most = Math.max(counts.most, ++counts.open);
        await new Promise<void>((resolve) => clock.after(takes, resolve));
        counts.open--;
        return up;
      },
      fail: (error) => errors.push(error),
    },
    concurrency,
  );
  return { clock, checks, starts, counts, errors };
}

/** A check of a server, known by its address. */
const repeated = (key: string, interval: number | (() => number), jitter = 0): RepeatedCheck => ({
  key,
  placed: placeCheck(checkOf('tcp', { jitter }), { address: key, port: 80 }),
  interval: typeof interval === 'number' ? () => interval : interval,
  report: () => {},
});

test('the queue gives out what is due in the order of time', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), (times) => {
      const queue = new DueQueue<number>();
      for (const at of times) queue.add(at, at);
      const taken = times.map(() => queue.take());
      assert.deepEqual(
        taken,
        times.toSorted((a, b) => a - b),
      );
      assert.deepEqual([queue.take(), queue.next], [undefined, undefined]);
    }),
  );
});

test('at most 32 programs run at once, and checks without programs do not wait for them', async () => {
  const { clock, checks, starts, counts } = schedule({ takes: 400 });
  const programs = Array.from({ length: 70 }, (_, index): RepeatedCheck => {
    const name = `ping ${index}`;
    return {
      ...repeated(name, 2000),
      placed: { check: checkOf('icmp', { jitter: 0 }), target: { address: name, port: 0 } },
    };
  });
  checks.set([...programs, repeated('tcp', 2000)]);
  await clock.pass(1000);
  assert.equal(counts.most, 33);
  assert.deepEqual(starts.get('tcp'), [1000]);
  assert.equal(starts.size, 33);
  await clock.pass(800);
  assert.equal(counts.most, 33);
  const at = (time: number): number => [...starts.values()].filter(([first]) => first === time).length;
  assert.deepEqual([at(1000), at(1400), at(1800)], [33, 32, 6]);
  assert.equal(checks.punctuality.longestDelay, 800);
});

test('a check runs again after its interval, counted from start to start', async () => {
  const { clock, checks, starts } = schedule({ takes: 300 });
  checks.set([repeated('a', 2000), repeated('b', 1000)]);
  await clock.pass(5000);
  assert.deepEqual(starts.get('a'), [1000, 3000, 5000]);
  assert.deepEqual(starts.get('b'), [500, 1500, 2500, 3500, 4500]);
});

test('a check that takes longer than its interval starts again at its end, and is not late', async () => {
  const { clock, checks, starts } = schedule({ takes: 1500 });
  checks.set([repeated('a', 1000)]);
  await clock.pass(4000);
  assert.deepEqual(starts.get('a'), [500, 2000, 3500]);
  assert.equal(checks.punctuality.late, 0);
});

test('the interval is asked for after each result, and jitter varies it', async () => {
  let interval = 1000;
  const { clock, checks, starts } = schedule();
  checks.set([repeated('a', () => interval)]);
  await clock.pass(500);
  interval = 200;
  await clock.pass(1500);
  assert.deepEqual(starts.get('a'), [500, 1500, 1700, 1900]);
  const varied = schedule({ random: () => 1 });
  varied.checks.set([repeated('a', 1000, 20)]);
  await varied.clock.pass(4000);
  assert.deepEqual(varied.starts.get('a'), [1000, 2200, 3400]);
});

test('first runs are spread over the interval, 10 s at most', async () => {
  const random = [0, 0.25, 0.5, 0.99, 0.5];
  const { clock, checks, starts } = schedule({ random: () => random.shift() ?? 0.5 });
  checks.set([...['a', 'b', 'c', 'd'].map((key) => repeated(key, 1000)), repeated('e', 3_600_000)]);
  await clock.pass(5000);
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'e'].map((key) => starts.get(key)?.[0]),
    [0, 250, 500, 990, 5000],
  );
});

test('no more checks run at once than the limit, and late ones are counted', async () => {
  const { clock, checks, counts } = schedule({ takes: 400, concurrency: 2, random: () => 0 });
  checks.set(Array.from({ length: 6 }, (_, index) => repeated(`${index}`, 60_000)));
  await clock.pass(2000);
  assert.equal(counts.most, 2);
  assert.deepEqual(checks.punctuality, { started: 6, late: 4, longestDelay: 800, notRun: 0 });
});

test('checks that stay keep their pauses, new ones begin, those that go are not run again', async () => {
  const { clock, checks, starts } = schedule();
  checks.set([repeated('a', 1000), repeated('b', 1000)]);
  await clock.pass(900);
  checks.set([repeated('a', 1000), repeated('c', 1000)]);
  await clock.pass(1100);
  assert.deepEqual(starts.get('a'), [500, 1500]);
  assert.deepEqual(starts.get('b'), [500]);
  assert.deepEqual(starts.get('c'), [1400]);
});

test('a shorter interval counts at once, a look at the same documents changes no pause', async () => {
  const { clock, checks, starts } = schedule();
  checks.set([repeated('a', 3_600_000)]);
  await clock.pass(6000);
  for (let look = 0; look < 100; look++) checks.set([repeated('a', 3_600_000)]);
  await clock.pass(60_000);
  assert.deepEqual(starts.get('a'), [5000]);
  checks.set([repeated('a', 1000)]);
  await clock.pass(2000);
  assert.deepEqual(starts.get('a'), [5000, 66_500, 67_500]);
  checks.set([repeated('a', 60_000)]);
  await clock.pass(100_000);
  assert.deepEqual(starts.get('a'), [5000, 66_500, 67_500, 68_500, 128_500]);
});

test('a check that was gone before its first run runs once in each interval', async () => {
  const { clock, checks, starts } = schedule();
  checks.set([repeated('a', 1000)]);
  checks.set([]);
  await clock.pass(100);
  checks.set([repeated('a', 1000)]);
  await clock.pass(500);
  checks.set([repeated('a', 1000)]);
  await clock.pass(2000);
  assert.deepEqual(starts.get('a'), [600, 1600, 2600]);
});

test('a check that still runs is not started a second time, also if it was gone in between', async () => {
  const { clock, checks, starts, counts } = schedule({ takes: 700 });
  checks.set([repeated('a', 1000)]);
  await clock.pass(600);
  checks.set([]);
  checks.set([repeated('a', 1000)]);
  await clock.pass(2000);
  assert.equal(counts.most, 1);
  assert.deepEqual(starts.get('a'), [500, 1500, 2500]);
});

test('a result of a check that is gone is dropped, and stop ends all', async () => {
  const { clock, checks, starts } = schedule({ takes: 300 });
  const reported: string[] = [];
  const report = (key: string) => ({ ...repeated(key, 1000), report: () => void reported.push(key) });
  checks.set([report('a'), report('b')]);
  await clock.pass(600);
  checks.set([report('b')]);
  await clock.pass(600);
  assert.deepEqual(reported, ['b']);
  const stopped = checks.stop();
  await clock.pass(5000);
  await stopped;
  assert.equal(starts.get('b')?.length, 1);
});

test('an error that is a bug is handed on', async () => {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const bug = new TypeError('a bug');
  const checks = new CheckSchedule({
    clock,
    random: () => 0,
    run: () => Promise.reject(bug),
    fail: (error) => errors.push(error),
  });
  checks.set([repeated('a', 1000)]);
  await clock.pass(1);
  assert.deepEqual(errors, [bug]);
});

test('a schedule goes on while checks are started, or all that may run do so within their time limits', async () => {
  const { clock, checks } = schedule({ takes: 30_000, concurrency: 2 });
  checks.set(['a', 'b', 'c', 'd'].map((key) => repeated(key, 1000)));
  const { timeout } = repeated('a', 1000).placed.check;
  await clock.pass(timeout + 8000);
  assert.ok(checks.isGoing, 'they may take so long');
  await clock.pass(10_000);
  assert.ok(!checks.isGoing, 'two checks have not ended long after their limit');
  await clock.pass(15_000);
  assert.ok(checks.isGoing);
  const idle = schedule();
  idle.checks.set([repeated('a', 60_000)]);
  await idle.clock.pass(59_000);
  assert.ok(idle.checks.isGoing);
});

test('a schedule goes on in which all checks hang after a long time in which none ended', async () => {
  const { clock, checks } = schedule({ takes: 30_000, concurrency: 2, random: () => 0 });
  await clock.pass(100_000);
  checks.set(['a', 'b', 'c'].map((key) => repeated(key, 1000)));
  const { timeout } = repeated('a', 1000).placed.check;
  await clock.pass(timeout + 8000);
  assert.ok(checks.isGoing);
  await clock.pass(10_000);
  assert.ok(!checks.isGoing);
});

test('a schedule whose timer is lost does not go on', async () => {
  const { clock, checks } = schedule();
  clock.after = () => () => {};
  checks.set([repeated('a', 1000)]);
  await clock.pass(9000);
  assert.ok(checks.isGoing);
  await clock.pass(9000);
  assert.ok(!checks.isGoing);
});
