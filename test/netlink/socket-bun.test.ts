/** The standalone executable's socket: the tests of the seam, under Bun. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { bun } from '../support/bun.js';

for (const [file, what, tests] of [
  ['socket', 'does what the seam asks', 9],
  ['trouble', 'tells what went wrong, and goes on', 9],
] as const) {
  test(`the socket through the C library ${what}`, async () => {
    assert.ok(bun, 'the bun package brought no executable for this machine');
    const path = join(import.meta.dirname, `../support/bun/${file}.bun.js`);
    const { stderr } = await promisify(execFile)(bun, ['test', '--timeout=60000', path], {
      env: { ...process.env, NO_COLOR: '1' },
    }).catch((error) => assert.fail(`${error.stdout}${error.stderr}`));
    // Root's powers are needed for one of them.
    const [, passed, skipped = 0] = /\n (\d+) pass\n(?: (\d+) skip\n)? 0 fail\n/.exec(stderr) ?? [];
    assert.equal(Number(passed) + Number(skipped), tests, stderr);
  });
}
