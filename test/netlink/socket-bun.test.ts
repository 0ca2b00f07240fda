/** The standalone executable's socket: the tests of the seam, under Bun. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { bun } from '../support/bun.js';

test('the socket through the C library does what the seam asks', async () => {
  assert.ok(bun, 'the bun package brought no executable for this machine');
  const file = join(import.meta.dirname, '../support/bun/socket.bun.js');
  const { stderr } = await promisify(execFile)(bun, ['test', '--timeout=60000', file], {
    env: { ...process.env, NO_COLOR: '1' },
  }).catch((error) => assert.fail(`${error.stdout}${error.stderr}`));
  assert.match(stderr, /\n 9 pass\n 0 fail\n/);
});
