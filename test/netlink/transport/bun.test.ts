/** The standalone executable's socket: the tests of the seam, under Bun. */
import { test } from 'node:test';
import { passesUnderBun } from '../../support/bun.js';

for (const [file, what, tests] of [
  ['socket', 'does what the seam asks', 9],
  // Root's powers are needed for one of them.
  ['trouble', 'tells what went wrong, and goes on', 9],
] as const) {
  test(`the socket through the C library ${what}`, () => passesUnderBun(file, tests));
}
