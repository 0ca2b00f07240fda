/**
 * lvsadm run beside keepalived: the same network, the same faults, the same times. `npm run lab -- --suite agent-keepalived` measures the
 * table of docs/agent.md; `npm test` leaves it out.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Keepalived } from '../faults/keepalived.js';
import { LvsadmRun } from '../faults/lvsadm.js';
import { type Measured, play, situations } from '../faults/situations.js';
import { Testbed } from '../faults/testbed.js';
import { checkout } from '../paths.js';

let testbed: Testbed;
let directory: string;
const results: (ReadonlyMap<string, Measured> | undefined)[] = [];

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'agent-keepalived-'));
  testbed = await Testbed.build();
});

after(async () => {
  await testbed[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

test('all situations, with lvsadm run', async (t) => {
  results[0] = await play(testbed, new LvsadmRun(testbed, directory), (line) => t.diagnostic(line));
});

test('all situations, with keepalived', async (t) => {
  results[1] = await play(testbed, new Keepalived(testbed, directory), (line) => t.diagnostic(line));
});

/** Seconds, and how many more count as level: looks at the table and requests of the client are not continual. */
const LEVEL: Readonly<Record<string, number>> = { detected: 0.5, recovered: 0.5 };

/** `detected 1.9 s, failed 7` */
const shown = (measured: Measured | undefined): string =>
  Object.entries(measured ?? {})
    .map(([what, value]) => `${what} ${what in LEVEL ? `${value.toFixed(1)} s` : value}`)
    .join(', ');

test('lvsadm run is ahead or level in every situation, and docs/agent.md has each of them', (t) => {
  const [ours, theirs] = results;
  const rows = situations.map(
    ({ name }) => `| ${name} | ${shown(ours?.get(name))} | ${shown(theirs?.get(name))} |`,
  );
  t.diagnostic(`\n${rows.join('\n')}`);
  const behind = situations.flatMap(({ name }) =>
    Object.entries(ours?.get(name) ?? {})
      .filter(([what, value]) => value > (theirs?.get(name)?.[what] ?? 0) + (LEVEL[what] ?? 3))
      .map(([what]) => `${name}: ${what}`),
  );
  assert.deepEqual(behind, []);
  const docs = readFileSync(join(checkout, 'docs/agent.md'), 'utf8');
  assert.deepEqual(
    situations.filter(({ name }) => !docs.includes(`| ${name} | `)).map(({ name }) => name),
    [],
  );
});
