/** What is to be reached, and whether it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportOf } from '../support/bench-report.js';
import { cases } from './guest/cases.js';
import { rules } from './tables.js';
import { judge, targets } from './targets.js';

test('a target is reached at its limit, and absent if a figure is missing', () => {
  const fast = reportOf(['-R of 1,000x10', 'ipvsadm', 600], ['-R of 1,000x10', 'standalone', 100]);
  assert.deepEqual(
    judge(fast).map(({ wanted, found, reached }) => [wanted, found, reached]),
    [['at least 6', '6.00', true]],
  );
  const slow = reportOf(
    ['apply of 1,000x10, nothing to do, JSON', 'node', 151],
    ['-Sn of 1,000x10', 'node', 100],
  );
  assert.deepEqual(
    judge(slow).map(({ wanted, found, reached }) => [wanted, found, reached]),
    [['at most 1.5', '1.51', false]],
  );
});

test('every target takes cases that are measured', () => {
  const names = new Set(cases.map(({ name }) => name));
  assert.equal(names.size, cases.length, 'names of cases are their own');
  const lost = targets.flatMap((target) => target.cases).filter((name) => !names.has(name));
  assert.deepEqual(lost, []);
});

test('the cost of a rule leaves out what it takes to start, and shows the kernel', () => {
  const report = reportOf(
    ['-R of nothing', 'standalone', 100],
    ['-R of 100x10', 'standalone', 210],
    ['-R of 10,000x10', 'standalone', 11_100],
  );
  assert.deepEqual(
    rules(report).rows.map(([table, , , wall, kernel]) => [table, wall, kernel]),
    [
      ['100x10', '100.0', '25.0'],
      ['10,000x10', '100.0', '25.0'],
    ],
  );
  assert.deepEqual(
    judge(report).map(({ found }) => found),
    ['1.00'],
  );
});
