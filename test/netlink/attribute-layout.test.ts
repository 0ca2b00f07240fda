/** AttributeLayout against the general reader of the same bytes: what it finds, and what it refuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AttributeLayout } from '../../src/netlink/attribute-layout.js';
import { attributeSet, be16, bytes, u8, u16, u32, u64 } from '../../src/netlink/attributes.js';
import { Reader, Writer, wordsOf } from '../../src/netlink/bytes.js';
import * as wire from '../support/wire.js';

const Sample = attributeSet('sample', {
  weight: [1, u32],
  port: [2, be16],
  family: [3, u16],
  type: [4, u8],
  count: [5, u64],
  address: [7, bytes],
});

const sampleValues = fc.record(
  {
    weight: fc.nat(0xffffffff),
    port: fc.nat(0xffff),
    family: fc.nat(0xffff),
    type: fc.nat(0xff),
    count: fc.bigInt(0n, 2n ** 64n - 1n),
    address: fc.uint8Array({ maxLength: 20 }),
  },
  { requiredKeys: [] },
);

/** What is read of the sample; one for all runs, so that each layout follows upon another. */
const places = new AttributeLayout(Sample, ['port']);
const read = {
  weight: places.u32('weight'),
  port: places.be16('port'),
  family: places.u16('family'),
  type: places.u8('type'),
  count: places.counter('count'),
};
const addressAt = places.start('address');
const addressLength = places.length('address');

/** As DumpBuffer holds them: in whole words. */
function source(content: Uint8Array) {
  const padded = new Uint8Array((content.length + 3) & ~3);
  padded.set(content);
  return { bytes: padded, words: wordsOf(padded) };
}

function written(values: Parameters<typeof Sample.put>[1]): Uint8Array {
  const to = new Writer();
  // As in a message, the attributes do not start where the buffer does.
  to.zeros(20);
  Sample.put(to, values);
  return to.written().slice();
}

function assertAlike(content: Uint8Array): void {
  const found = places.find(source(content), 20, content.length);
  let general: ReturnType<typeof Sample.get> | undefined;
  try {
    general = Sample.get(new Reader(content), 20, content.length);
  } catch {
    general = undefined;
  }
  if (general?.port === undefined) {
    assert.equal(found, false, 'found what the general reader refuses');
    return;
  }
  assert.ok(found, 'refused what the general reader finds');
  const { weight = 0, port, family = 0, type = 0, count = 0n, address } = general;
  assert.deepEqual(
    [read.weight(), read.port(), read.family(), read.type(), BigInt(read.count())],
    [weight, port, family, type, count],
  );
  assert.deepEqual(content.subarray(addressAt(), addressAt() + addressLength()), address ?? new Uint8Array());
}

test('what is written is found, whatever the layout before it was', () => {
  fc.assert(
    fc.property(fc.array(sampleValues, { minLength: 1, maxLength: 5 }), (all) => {
      for (const values of all)
        for (const content of [written(values), written(values)]) assertAlike(content);
    }),
  );
});

test('damaged bytes are refused where the general reader refuses them, and read alike where not', () => {
  const damage = fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(sampleValues, damage, fc.nat(8), (values, changes, lost) => {
      const content = written(values);
      assertAlike(content);
      for (const [at, value] of changes) if (20 + at < content.length) content[20 + at] = value;
      assertAlike(content);
      assertAlike(content.slice(0, Math.max(20, content.length - lost)));
    }),
    { numRuns: 500 },
  );
});

test('a counter is a number as long as that is exact', () => {
  for (const [count, is] of [
    [2n ** 53n - 1n, 'number'],
    [2n ** 53n, 'bigint'],
    [2n ** 64n - 1n, 'bigint'],
  ] as const) {
    assert.ok(places.find(source(written({ port: 1, count })), 20, written({ port: 1, count }).length));
    assert.equal(typeof read.count(), is);
    assert.equal(BigInt(read.count()), count);
  }
});

test('of an attribute that is there twice the last one counts, and unknown ones are passed over', () => {
  const content = wire.join(
    new Uint8Array(20),
    wire.attribute(2, wire.be16(80)),
    wire.attribute(99, wire.u32(7)),
    wire.attribute(2, wire.be16(81)),
  );
  assert.ok(places.find(source(content), 20, content.length));
  assert.equal(read.port(), 81);
});
