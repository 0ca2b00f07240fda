/** Measurements as tables and as a plot. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Case, cases, type Program } from './cases.js';
import type { Samples } from './measure.js';
import { Measurements } from './report.js';

const measured = (
  ...rows: (readonly [name: string, program: Program, ...times: number[]])[]
): Measurements => {
  const samples = new Map<Case, Samples>();
  for (const [name, program, ...times] of rows) {
    const one = cases.find((each) => each.name === name);
    assert.ok(one, name);
    const own: Samples = samples.get(one) ?? new Map();
    own.set(
      program,
      times.map((wall) => ({ wall, cpu: 1, memory: 1 })),
    );
    samples.set(one, own);
  }
  return new Measurements(samples, 'wall');
};

test('times are least and median, with the ratio of the least ones', () => {
  const { rows } = measured(['-A', 'ipvsadm', 2, 1, 4], ['-A', 'standalone', 8]).times();
  assert.deepEqual(rows, [['-A', '1.0 (2.0)', '8.0 (8.0), 0.13x', '']]);
});

test('only what was measured is judged', () => {
  const { table, hold } = measured(['-A', 'standalone', 24], ['start', 'empty', 10]).verdicts();
  assert.deepEqual(table.rows, [
    ['-A, standalone / start, empty executable', 'at most 2.3', '2.40', 'does not hold'],
  ]);
  assert.equal(hold, false);
});

test('growth is drawn for commands that were measured with several sizes', () => {
  const all = (['ipvsadm', 'standalone', 'node'] as const).flatMap((program) => [
    ['-R of 110 rules', program, 1] as const,
    ['-R of 1,100 rules', program, 2] as const,
    ['-Ln of 110 rules', program, 1] as const,
  ]);
  assert.deepEqual(
    measured(...all)
      .plot()
      .panels.map(({ title, series }) => [title, series.map(({ points }) => points.map(({ x }) => x))]),
    [['-R', Array.from({ length: 3 }, () => [110, 1100])]],
  );
});
