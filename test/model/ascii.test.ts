/** Numbers and addresses as ASCII in bytes, against the same as text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { putIpv4, putIpv6, putNumber } from '../../src/model/ascii.js';

const BLANK = 0x20;

/** The text that `put` writes at 3, and what is behind it: blanks, in which listings go on. */
function written(put: (to: Uint8Array, at: number) => number): string {
  const to = new Uint8Array(64).fill(BLANK);
  const end = put(to, 3);
  assert.ok(
    to.subarray(end).every((byte) => byte === BLANK),
    'blanks behind the text',
  );
  return String.fromCharCode(...to.subarray(3, end));
}

const whole = fc.oneof(fc.nat(300), fc.nat(70_000), fc.nat(0x7fffffff), fc.maxSafeNat());

test('a number is written as its text, up to 2^53', () => {
  fc.assert(
    fc.property(whole, (value) => {
      assert.equal(
        written((to, at) => putNumber(to, at, value)),
        String(value),
      );
    }),
  );
  for (const value of [0, 9, 10, 99, 100, 255, 256, 999, 1000, 65535, 999_999_999, 1_000_000_000, 2 ** 53]) {
    assert.equal(
      written((to, at) => putNumber(to, at, value)),
      String(value),
    );
  }
});

test('an IPv4 address is written from where it lies', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.nat(9), (bytes, offset) => {
      const from = new Uint8Array(offset + 4);
      from.set(bytes, offset);
      assert.equal(
        written((to, at) => putIpv4(to, at, from, offset)),
        bytes.join('.'),
      );
    }),
  );
});

test('an IPv6 address is written as inet_ntop(3) does', () => {
  const cases: Record<string, number[]> = {
    '::': [0, 0, 0, 0, 0, 0, 0, 0],
    '::1': [0, 0, 0, 0, 0, 0, 0, 1],
    '1::': [1, 0, 0, 0, 0, 0, 0, 0],
    '2001:db8::1:0:0:1': [0x2001, 0xdb8, 0, 0, 1, 0, 0, 1],
    '2001:db8:0:1:1:1:1:1': [0x2001, 0xdb8, 0, 1, 1, 1, 1, 1],
    'a:b:c:d:e:f::': [10, 11, 12, 13, 14, 15, 0, 0],
    '::ffff:192.0.2.1': [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x201],
    '::192.0.2.1': [0, 0, 0, 0, 0, 0, 0xc000, 0x201],
    '::2:0:0': [0, 0, 0, 0, 0, 2, 0, 0],
  };
  for (const [text, groups] of Object.entries(cases)) {
    const from = Uint8Array.from([0, ...groups.flatMap((group) => [group >> 8, group])]);
    assert.equal(
      written((to, at) => putIpv6(to, at, from, 1)),
      text,
    );
  }
});
