/**
 * npm run test:robust [-- OPTIONS]: random inputs in full number, and interruptions at every step, within ten minutes; then interruptions
 * by signals on a real kernel, in the lab.
 *
 *   --seed N       make the cases of this seed again: one block, of the target that --only names
 *   --only TARGET  argv, restore, documents or replies
 *   --share X      part of a full run, 0 to 1 (default: 1)
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeFailure, fuzz, type TargetName, targetNames } from './fuzzing.js';

/** Milliseconds for random inputs; the interruptions take less than two minutes of the ten. */
const LIMIT = 480_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    only: { type: 'string', multiple: true, default: [...targetNames] },
    share: { type: 'string', default: '1' },
  },
});
const unknown = values.only.find((name) => !targetNames.includes(name as TargetName));
if (unknown !== undefined) throw new Error(`no target '${unknown}': expected ${targetNames.join(', ')}`);
const seed = Number(values.seed ?? Date.now() % 1e9);
process.stdout.write(`seed ${seed}\n`);
const began = performance.now();
const { ran, missed, memory, failures } = await fuzz({
  share: values.seed === undefined ? Number(values.share) : 'one seed',
  limit: LIMIT,
  seed,
  only: values.only as TargetName[],
});
for (const failure of failures) process.stdout.write(`${describeFailure(failure)}\n`);
for (const [target, cases] of Object.entries(ran)) process.stdout.write(`${target}: ${cases} cases\n`);
if (missed > 0)
  process.stdout.write(`${missed} cases were left when the time was over, or after a failure\n`);
process.stdout.write(
  `${failures.length} failures; ${Math.round((performance.now() - began) / 1000)} s, at most ${memory} MiB\n`,
);
process.exitCode = failures.length > 0 ? 1 : 0;
if (values.seed === undefined) {
  const tests = ['interrupted', 'interrupted-setup', '../commands/adopt'].map((name) =>
    join(import.meta.dirname, `${name}.test.js`),
  );
  const env = { ...process.env, ROBUST: 'full', LAB_DISTRIBUTION: 'both' };
  const lab = join(import.meta.dirname, '../lab/main.js');
  for (const args of [
    ['--test', ...tests],
    [lab, '--suite', 'robust'],
  ]) {
    const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env });
    process.exitCode ||= status ?? 1;
  }
}
