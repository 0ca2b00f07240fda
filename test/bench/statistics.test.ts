/** Medians and spreads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { spreadOf } from './statistics.js';

test('a spread has the middle, the least and the most', () => {
  assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, least: 1, most: 3 });
  assert.deepEqual(spreadOf([4, 1, 2, 3]), { median: 2.5, least: 1, most: 4 });
  assert.throws(() => spreadOf([]), RangeError);
});

test('half of all values are on each side of a median', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const { median, least, most } = spreadOf(values);
      assert.ok(values.filter((value) => value < median).length <= values.length / 2);
      assert.ok(values.filter((value) => value > median).length <= values.length / 2);
      assert.deepEqual([least, most], [Math.min(...values), Math.max(...values)]);
    }),
  );
});
