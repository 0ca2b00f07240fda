/** The words of the benchmark. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from './options.js';

test('options: rounds are a number, and one where it is to be quick', () => {
  assert.equal(readOptions([]).rounds, undefined);
  assert.equal(readOptions(['--quick']).rounds, 1);
  assert.equal(readOptions(['--quick', '--rounds', '3']).rounds, 3);
  assert.deepEqual(readOptions(['--only', '-Ln', '--only=-R', '--quick']).only, ['-Ln', '-R']);
  assert.throws(() => readOptions(['--rounds', '0']), /expected a number/);
  assert.throws(() => readOptions(['--fast']), /--fast/);
});
