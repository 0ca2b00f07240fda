// Numbers with units.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { humanNumber } from '../../src/output/units.js';

test('a number has three digits at most, and the unit that fits', () => {
  for (const [number, text] of [
    [0n, '0'],
    [999n, '999'],
    [1000n, '1.0k'],
    [1234n, '1.2k'],
    [9949n, '9.9k'],
    [9950n, '10k'],
    [999_499n, '999k'],
    [999_500n, '1.0M'],
    [12_345_678n, '12M'],
    [18_446_744_073_709_551_615n, '18E'],
  ] as const) {
    assert.equal(humanNumber(number), text);
  }
});

test('a number is never off by more than a twentieth', () =>
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (number) => {
      const text = humanNumber(number);
      const [, digits = '', prefix = ''] = /^(\d{1,3}|\d\.\d)([kMGTPE]?)$/.exec(text) ?? assert.fail(text);
      const value = Number(digits) * 1000 ** ['', 'k', 'M', 'G', 'T', 'P', 'E'].indexOf(prefix);
      assert.ok(Math.abs(value - Number(number)) <= Number(number) / 20, text);
    }),
  ));
