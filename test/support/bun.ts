/** Bun's own executable, which its package brought: the runtime of the standalone distribution. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBun } from '../../scripts/build/bun.js';

/** Undefined where there is none for this machine's processor and C library. */
export const bun: string | undefined = findBun();

/** Runs the tests of test/support/bun/FILE.bun.ts with Bun's own test runner: so many pass, or say why they are skipped. */
export async function passesUnderBun(file: string, tests: number): Promise<void> {
  assert.ok(bun, 'the bun package brought no executable for this machine');
  const path = join(import.meta.dirname, `bun/${file}.bun.js`);
  const { stderr } = await promisify(execFile)(bun, ['test', '--timeout=60000', path], {
    env: { ...process.env, NO_COLOR: '1' },
  }).catch((error) => assert.fail(`${error.stdout}${error.stderr}`));
  const [, passed, skipped = 0] = /\n (\d+) pass\n(?: (\d+) skip\n)? 0 fail\n/.exec(stderr) ?? [];
  assert.equal(Number(passed) + Number(skipped), tests, stderr);
}
