/** A tenth of `npm run test:robust`, or what of it fits in 20 seconds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFailure, fuzz, targetNames } from './fuzzing.js';

test('random command lines, rules, documents and replies of the kernel break no promise', async (context) => {
  const seed = Date.now() % 1e9;
  const { ran, failures } = await fuzz({ share: 0.1, limit: 20_000, seed, only: targetNames });
  context.diagnostic(`seed ${seed}: ${JSON.stringify(ran)}`);
  assert.equal(failures.map(describeFailure).join('\n'), '');
});
