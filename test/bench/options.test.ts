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

test('what goes into the documents is a whole run', () => {
  assert.equal(readOptions(['--write-docs']).writeDocs, true);
  assert.equal(readOptions(['--profile']).profile, true);
  assert.equal(readOptions([]).profile, false);
  for (const part of [['--quick'], ['--only', '-R']])
    assert.throws(() => readOptions(['--write-docs', ...part]), /whole run/);
});
