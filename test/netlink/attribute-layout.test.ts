/** AttributeLayout against AttributeSet on the same bytes: both find the same attributes, and refuse with the same words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AttributeLayout } from '../../src/netlink/attribute-layout.js';
import { attributeSet, be16, bytes, u8, u16, u32, u64 } from '../../src/netlink/attributes.js';
import { Reader, Writer } from '../../src/netlink/bytes.js';
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

/** One for all runs, so that each layout follows upon another. */
const layout = new AttributeLayout(Sample, ['port']);

function written(values: Parameters<typeof Sample.put>[1]): Uint8Array {
  const to = new Writer();
  // As in a message, the attributes do not start where the buffer does.
  to.zeros(20);
  Sample.put(to, values);
  return to.written().slice();
}

function assertAlike(content: Uint8Array): void {
  const reader = new Reader(content);
  const { value: general, error } = attempt(() => Sample.get(reader, 20, content.length));
  if (general === undefined || general.port === undefined) {
    const message = error?.message ?? 'port: missing';
    assert.throws(() => layout.find(reader, 20, content.length), { name: 'ProtocolError', message });
    return;
  }
  layout.find(reader, 20, content.length);
  for (const [name, [type, kind]] of Object.entries(Sample.rows)) {
    const value = layout.has(type) ? kind.get(reader, layout.start(type), layout.end(type)) : undefined;
    assert.deepEqual(value, general[name as keyof typeof general]);
  }
}

function attempt<T>(get: () => T): { value?: T; error?: Error } {
  try {
    return { value: get() };
  } catch (error) {
    return { error: error as Error };
  }
}

test('written attributes are found, whatever the layout of the message before', () => {
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

test('the last of duplicate attributes counts, and unknown ones are skipped', () => {
  const content = wire.join(
    new Uint8Array(20),
    wire.attribute(2, wire.be16(80)),
    wire.attribute(99, wire.u32(7)),
    wire.attribute(2, wire.be16(81)),
  );
  const reader = new Reader(content);
  layout.find(reader, 20, content.length);
  assert.equal(reader.be16(layout.start(2)), 81);
});
