/** What must hold, and whether it does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cases, judge, targets } from './cases.js';

test('every target compares measurements that are made', () => {
  const made = new Set(
    cases.flatMap(({ name, programs }) => programs.map((program) => `${name}, ${program}`)),
  );
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length, 'names of cases are their own');
  const lost = targets
    .flatMap(({ ratio }) => ratio.map((one) => one.join(', ')))
    .filter((one) => !made.has(one));
  assert.deepEqual(lost, []);
});

test('a target holds at its limit, and is not judged where a measurement is missing', () => {
  const least = {
    '-A, standalone': 23,
    'start, empty': 10,
    '-R of 11,000 rules, ipvsadm': 100,
  };
  const judged = (times: Readonly<Record<string, number>>) =>
    judge((name, program) => times[`${name}, ${program}`]).map(({ found, holds }) => [found, holds]);
  assert.deepEqual(judged(least), [[2.3, true]]);
  assert.deepEqual(judged({ ...least, '-R of 11,000 rules, standalone': 25 }), [
    [2.3, true],
    [4, false],
  ]);
});
