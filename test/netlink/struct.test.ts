/** C structures as tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../../src/errors.js';
import { be16, u8, u16, u32 } from '../../src/netlink/attributes.js';
import { Reader, Writer } from '../../src/netlink/bytes.js';
import { struct } from '../../src/netlink/struct.js';

const sample = struct('sample', { kind: u8, padding: u8, port: be16, index: u32, flags: u16 });

test('fields lie one after another, in the table’s order', () => {
  const writer = new Writer();
  sample.put(writer, { kind: 1, port: 0x0102, index: 7 });
  assert.equal(sample.size, 10);
  assert.deepEqual([...writer.written().subarray(0, 4)], [1, 0, 1, 2]);
  assert.equal(writer.written().length, sample.size);
});

test('written bytes read back the same', () => {
  const byte = fc.integer({ min: 0, max: 0xff });
  const short = fc.integer({ min: 0, max: 0xffff });
  const word = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(
      fc.record(
        { kind: byte, padding: byte, port: short, index: word, flags: short },
        { noNullPrototype: true },
      ),
      fc.nat(7),
      (values, offset) => {
        const writer = new Writer();
        writer.zeros(offset);
        sample.put(writer, values);
        assert.deepEqual(sample.get(new Reader(writer.written()), offset, writer.length), values);
      },
    ),
  );
});

test('a structure that is cut off is an error with its name', () => {
  assert.throws(
    () => sample.get(new Reader(new Uint8Array(9)), 0, 9),
    (error) => error instanceof ProtocolError && error.message === 'sample: expected 10 bytes, got 9',
  );
});
