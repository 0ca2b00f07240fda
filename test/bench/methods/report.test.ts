/** What runs of the methods' benchmark have measured, as tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base, type Case } from './cases.js';
import { gather, Measurements, type Report, type Sample } from './report.js';

const sample = (one: Case, requests: number, answers: number): Sample => ({
  ...one,
  requests: { instructions: requests, packets: 5 },
  answers: { instructions: answers, packets: answers > 0 ? 4 : 0 },
});

const run = (...samples: Sample[]): Report => ({ kernel: '6.1.0', samples, problems: [] });
const nat: Case = { ...base, method: 'NAT' };
const dr: Case = { ...base, method: 'DR' };

test('a run is gathered from its lines', () => {
  const measured = sample(nat, 1000, 500);
  const failed = { case: dr, problem: 'no answer' };
  assert.deepEqual(gather([{ kernel: '6.1.0' }, measured, failed]), {
    kernel: '6.1.0',
    samples: [measured],
    problems: [failed],
  });
  assert.throws(() => gather([]), /nothing/);
});

test('tables have the median of both links together, and what one packet costs on each', () => {
  const runs = [run(sample(nat, 50_000, 40_000), sample(dr, 50_000, 0)), run(sample(nat, 52_000, 40_000))];
  const tables = new Measurements(runs).tables();
  const [byFamily] = tables;
  assert.deepEqual(byFamily?.rows, [
    ['NAT', '91.0', '', '', ''],
    ['DR', '50.0', '', '', ''],
  ]);
  assert.deepEqual(tables.at(-1)?.rows, [
    ['1,000', 'NAT', '5.0', '10.2', '4.0', '10.0'],
    ['1,000', 'DR', '5.0', '10.0', '0', ''],
  ]);
});

test('the summary names the case whose runs differ most', () => {
  const measurements = new Measurements([
    run(sample(nat, 50_000, 50_000), sample(dr, 50_000, 0)),
    run(sample(nat, 51_000, 50_000), sample(dr, 52_000, 0)),
  ]);
  assert.match(measurements.summary(), /in 2 guests\..* at most 3\.9 % \(DR, IPv4/);
  assert.match(new Measurements([run(sample(nat, 1, 1))]).summary(), /in 1 guest\.$/);
});

test('a page is not written from a run that lacks a case', () => {
  assert.throws(() => new Measurements([run(sample(nat, 1, 1))]).writeDocuments(), /was not measured: /);
});
