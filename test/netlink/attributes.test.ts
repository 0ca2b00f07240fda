import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError, ValueError } from '../../src/errors.js';
import {
  AttributeCursor,
  type AttributeSet,
  attributeSet,
  be16,
  bytes,
  cstring,
  type Infer,
  nested,
  nestedSet,
  type Rows,
  u8,
  u16,
  u32,
  u64,
} from '../../src/netlink/attributes.js';
import { Reader, Writer } from '../../src/netlink/bytes.js';
import * as wire from '../support/wire.js';

const Inner = attributeSet('inner', { count: [1, u64], port: [2, be16] });
const Outer = attributeSet('outer', {
  name: [6, cstring],
  small: [2, u8],
  medium: [3, u16],
  large: [4, u32],
  network: [5, be16],
  blob: [7, bytes],
  inner: [10, nested(Inner)],
});

const put = <R extends Rows>(set: AttributeSet<R>, values: Infer<AttributeSet<R>>): string => {
  const to = new Writer();
  set.put(to, values as never);
  return wire.hex(to.written());
};

const get = <R extends Rows>(set: AttributeSet<R>, payload: Uint8Array) =>
  set.get(new Reader(payload), 0, payload.length);

test('values are written as attributes, each padded to four bytes, in the order of the table', () => {
  assert.equal(
    put(Outer, { small: 5, name: 'rr', blob: wire.unhex('aabbccddee') }),
    wire.hex(
      wire.join(
        wire.attribute(6, wire.unhex('727200')),
        wire.attribute(2, wire.unhex('05')),
        wire.attribute(7, wire.unhex('aabbccddee')),
      ),
    ),
  );
});

test('the length of an attribute leaves its padding out', () => {
  assert.equal(
    put(attributeSet('one', { small: [2, u8] }), { small: 5 }),
    wire.hex(wire.join(wire.u16(5), wire.u16(2), wire.unhex('05 00 00 00'))),
  );
});

test('a nested set is marked as nested, and its length covers the padding of what it holds', () => {
  assert.equal(
    put(Outer, { inner: { count: 2n ** 63n, port: 80 } }),
    wire.hex(
      wire.join(
        wire.u16(4 + 12 + 8),
        wire.u16(0x8000 | 10),
        wire.attribute(1, wire.u64(2n ** 63n)),
        wire.attribute(2, wire.unhex('0050')),
      ),
    ),
  );
});

test('attributes without a value are left out', () => {
  assert.equal(put(Outer, {}), '');
  assert.equal(put(Outer, { small: undefined, inner: {} }), wire.hex(wire.nest(10)));
});

test('every kind reads what it wrote, at both ends of its range', () => {
  const extremes = [
    {
      small: 0,
      medium: 0,
      large: 0,
      network: 0,
      name: '',
      blob: wire.unhex(''),
      inner: { count: 0n, port: 0 },
    },
    {
      small: 0xff,
      medium: 0xffff,
      large: 0xffffffff,
      network: 0xffff,
      name: 'é'.repeat(50),
      blob: new Uint8Array(300).fill(0xff),
      inner: { count: 2n ** 64n - 1n, port: 0xffff },
    },
  ];
  for (const values of extremes) assert.deepEqual(get(Outer, wire.unhex(put(Outer, values))), values);
});

test('attributes that the table does not know are passed over', () => {
  const payload = wire.join(
    wire.attribute(99, wire.unhex('01 02 03')),
    wire.attribute(2, wire.unhex('07')),
    wire.nest(98, wire.attribute(2, wire.unhex('08'))),
  );
  assert.deepEqual(get(Outer, payload), { small: 7 });
});

test('flags in the type do not hide an attribute', () => {
  assert.deepEqual(get(Outer, wire.attribute(0x4000 | 2, wire.unhex('07'))), { small: 7 });
  assert.deepEqual(get(Outer, wire.attribute(10, wire.attribute(2, wire.unhex('0050')))), {
    inner: { port: 80 },
  });
});

test('a payload longer than its kind is accepted, as newer kernels append to structures', () => {
  assert.deepEqual(get(Outer, wire.attribute(3, wire.u16(7), wire.u16(9))), { medium: 7 });
});

test('a payload shorter than its kind is an error whose path leads to it', () => {
  const payload = wire.nest(10, wire.attribute(1, wire.u32(1)));
  assert.throws(() => get(Outer, payload), {
    name: 'ProtocolError',
    message: 'inner/count: expected 8 bytes, got 4',
    path: ['inner', 'count'],
  });
});

test('the end of the message may cut off the padding of its last attribute, and nothing else', () => {
  assert.deepEqual(get(Outer, wire.attribute(2, wire.unhex('07')).subarray(0, 5)), { small: 7 });
  assert.throws(() => get(Outer, wire.attribute(4, wire.u32(7)).subarray(0, 7)), ProtocolError);
});

test('an attribute header that is cut off is an error', () => {
  assert.throws(() => get(Outer, wire.unhex('05 00')), {
    message: '2 bytes left where an attribute header takes 4',
  });
});

test('an attribute length below its header or past the end is an error, not an endless loop', () => {
  for (const length of [0, 3, 9, 0xffff]) {
    const payload = wire.join(wire.u16(length), wire.u16(2), wire.u32(0));
    assert.throws(() => get(Outer, payload), {
      message: `attribute length ${length} at offset 0, where 4 to 8 would fit`,
    });
  }
});

test('an error about a broken header in a nested set has that set’s path', () => {
  assert.throws(() => get(Outer, wire.nest(10, wire.unhex('ff ff 01 00'))), { path: ['inner'] });
});

test('the walk shows every attribute as it was received', () => {
  const payload = wire.join(
    wire.attribute(99, wire.unhex('01')),
    wire.nest(10, wire.attribute(1, wire.u32(2))),
  );
  const seen: unknown[] = [];
  const attributes = new AttributeCursor(new Reader(payload));
  while (attributes.next()) seen.push([attributes.type, attributes.start, attributes.end]);
  assert.deepEqual(seen, [
    [99, 4, 5],
    [10, 12, 20],
  ]);
});

test('a table can be asked for a type, and a kind for the set that it nests', () => {
  const [name, kind] = Outer.find(10) ?? [];
  assert.equal(name, 'inner');
  assert.equal(kind && nestedSet(kind), Inner);
  assert.equal(Outer.find(1), undefined);
  assert.equal(nestedSet(u8), undefined);
});

test('a value that its attribute cannot hold is refused by name instead of being cut to size', () => {
  const wrong: readonly [Infer<typeof Outer>, string][] = [
    [{ small: 256 }, "small: '256' is not a whole number from 0 to 255"],
    [{ medium: -1 }, "medium: '-1' is not a whole number from 0 to 65535"],
    [{ large: 2 ** 32 }, "large: '4294967296' is not a whole number from 0 to 4294967295"],
    [{ network: 1.5 }, "network: '1.5' is not a whole number from 0 to 65535"],
    [{ large: Number.NaN }, "large: 'NaN' is not a whole number from 0 to 4294967295"],
    [{ inner: { count: -1n } }, "count: '-1' is not a whole number from 0 to 18446744073709551615"],
    [{ inner: { port: 65536 } }, "port: '65536' is not a whole number from 0 to 65535"],
    [{ name: 'r\0r' }, "name: 'r\\x00r' is not text without NUL"],
    [{ blob: new Uint8Array(65532) }, /^blob: '.*' is not at most 65531 bytes$/ as never],
  ];
  for (const [values, message] of wrong) {
    assert.throws(
      () => put(Outer, values),
      (error: unknown) => {
        assert.ok(error instanceof ValueError);
        if ((message as unknown) instanceof RegExp) assert.match(error.message, message as never);
        else assert.equal(error.message, message);
        return true;
      },
    );
  }
});
