/** What the guest tells, as tables and in documents. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/build/project.js';
import { guest, host, reportOf } from '../support/bench-report.js';
import { fill } from './page.js';
import type { Sample } from './program.js';
import { gather } from './report.js';
import { markdown, memory, plain, times } from './tables.js';

test('results of the guest are sorted by kind, and a failed case has none', () => {
  const sample: Sample = { case: '-A', program: 'node', wall: 1, user: 1, system: 1 };
  const peak = { case: '-A', program: 'node', peak: 1024 } as const;
  const wrong = { ...sample, case: '-R' };
  const problem = { case: '-R', problem: 'the table is another one' };
  assert.deepEqual(gather(host, [guest, sample, wrong, peak, problem]), {
    host,
    guest,
    samples: [sample],
    peaks: [peak],
    profiles: [],
    problems: [problem],
  });
  assert.throws(() => gather(host, [sample]), /told nothing/);
});

test('times have their spread, and ratios are those of medians', () => {
  const report = reportOf(
    ['-A', 'ipvsadm', 60, 70, 50],
    ['-A', 'standalone', 120],
    ['start', 'node', 1234.5],
  );
  assert.deepEqual(times(report).rows, [
    ['-A', '60 (50 to 70)', '120 (120 to 120)', '', '0.50', ''],
    ['start', '', '', '1,235 (1,235 to 1,235)', '', ''],
  ]);
});

test('memory is shown if it was measured', () => {
  const peaks = [{ case: '-Lcn', program: 'standalone', peak: 51_200 }] as const;
  assert.deepEqual(memory({ ...reportOf(), peaks }).rows, [['-Lcn', '', '50.0', '']]);
});

test('a table is the same on a terminal and in a document', () => {
  const table = {
    title: 'Sizes',
    head: ['what', 'size'],
    rows: [
      ['a', '1'],
      ['bcdefg', '2'],
    ],
  };
  assert.equal(plain(table), 'Sizes\n\nwhat    size\na       1\nbcdefg  2\n');
  assert.equal(markdown(table), '| what | size |\n| --- | --- |\n| a | 1 |\n| bcdefg | 2 |');
});

test('a document keeps its words, and gets new figures between its marks', () => {
  const before = 'One\n<!-- bench: times -->\nold\n<!-- bench: end -->\nTwo\n';
  const after = fill(before, { times: 'new' });
  assert.equal(after, 'One\n<!-- bench: times -->\n\nnew\n\n<!-- bench: end -->\nTwo\n');
  assert.equal(fill(after, { times: 'new' }), after);
  assert.throws(() => fill(before, { memory: '1' }), /no '<!-- bench: memory -->'/);
});

test('the page has a place for all that the benchmarks put into it', () => {
  const page = readFileSync(join(root, 'docs/performance.md'), 'utf8');
  for (const name of ['machine', 'native', 'start', 'lab machine', 'lab']) {
    assert.match(fill(page, { [name]: 'new figures' }), /new figures/);
  }
});
