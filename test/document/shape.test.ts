// The quick check of a document's shape says what zod says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as z from 'zod/mini';
import { document } from '../../src/document/schema.js';
import { documentOf } from '../../src/document/write.js';
import { state } from '../support/arbitrary-state.js';

const schema = document.schema(z);
const numbers = [0, -0, 1, -1, 1.5, 255, 256, 65535, 65536, 2147483648, 4294967296, Number.NaN, 1e300];
const texts = [
  '',
  'rr',
  'dr',
  'tun',
  'gue',
  'csum',
  'flag-1',
  'sh-port',
  'a b',
  'eth0',
  'tcp://192.0.2.1:80',
];
const keys = [
  'weight',
  'method',
  'tunnel',
  'defaults',
  'service',
  'servers',
  '__proto__',
  'constructor',
  'x',
];

/** Values near to those of documents, and far from them. */
const { anything } = fc.letrec<{ anything: unknown }>((tie) => ({
  anything: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>(...numbers, ...texts, true, false, null, undefined),
    fc.array(tie('anything'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom(...keys), tie('anything'), { maxKeys: 2 }),
  ),
}));

/** Puts another value somewhere into a value, or takes something out of it. */
function disturb(value: unknown, choices: readonly number[], other: unknown): unknown {
  const [choice = 0, ...rest] = choices;
  if (typeof value !== 'object' || value === null || rest.length === 0) return other;
  if (Array.isArray(value)) {
    const at = choice % (value.length + 1);
    return value.toSpliced(at, 1, disturb(value[at], rest, other));
  }
  const places = [...Object.keys(value), keys[choice % keys.length] as string];
  const place = places[choice % places.length] as string;
  const disturbed = disturb(Reflect.get(value, place), rest, other);
  // By definition and not by assignment: `__proto__` is a key like any other.
  return Object.defineProperty({ ...value }, place, { value: disturbed, enumerable: true });
}

test('fits() accepts and refuses the same values as zod', () => {
  let taken = 0;
  let refused = 0;
  fc.assert(
    fc.property(
      state(2),
      fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 7 }),
      anything,
      (table, choices, other) => {
        const value = disturb(documentOf(table), choices, other);
        const { success } = schema.safeParse(value);
        if (success) taken++;
        else refused++;
        assert.equal(document.fits(value), success, JSON.stringify(value));
      },
    ),
    { numRuns: 5000 },
  );
  assert.ok(taken > 100 && refused > 100, `${taken} taken, ${refused} refused`);
});

test('every document that export writes fits, and is left as it is', () =>
  fc.assert(
    fc.property(state(), (table) => {
      const value = documentOf(table);
      assert.ok(document.fits(value));
      assert.deepEqual(schema.parse(value), value);
    }),
  ));
