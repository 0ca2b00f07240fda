import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../../src/errors.js';
import { align, Reader, Writer } from '../../src/netlink/bytes.js';
import { be16, hex, i32, join, u8, u16, u32, u64, unhex } from '../support/wire.js';

test('align gives the next multiple of four', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 8, 9].map(align), [0, 4, 4, 4, 4, 8, 8, 12]);
});

test('integers are written in the order that their names say', () => {
  const to = new Writer();
  to.u8(0x12);
  to.pad();
  to.u16(0x1234);
  to.be16(0x1234);
  to.u32(0xfedcba98);
  to.u64(0x0123456789abcdefn);
  assert.equal(
    hex(to.written()),
    hex(join(unhex('12 00 00 00'), u16(0x1234), unhex('12 34'), u32(0xfedcba98), u64(0x0123456789abcdefn))),
  );
});

const writers: Readonly<Record<string, (to: Writer) => void>> = {
  u8: (to) => to.u8(0xff),
  u16: (to) => to.u16(0xffff),
  u32: (to) => to.u32(0xffffffff),
  u64: (to) => to.u64(0xffffffffffffffffn),
  be16: (to) => to.be16(0xffff),
  raw: (to) => to.raw(unhex('ff ff ff')),
  cstring: (to) => to.cstring('\u00ff'),
};

for (const [name, write] of Object.entries(writers)) {
  test(`${name} makes a full buffer grow, and keeps its bytes`, () => {
    const roomy = new Writer(1024);
    write(roomy);
    for (let capacity = 1; capacity <= 10; capacity++) {
      const tight = new Writer(capacity);
      for (let i = 0; i < capacity; i++) tight.u8(i);
      write(tight);
      assert.equal(
        hex(tight.written()),
        hex(join(...Array.from({ length: capacity }, (_, i) => u8(i)), roomy.written())),
      );
    }
  });
}

test('text ends with a NUL', () => {
  const to = new Writer();
  to.cstring('wlc');
  assert.equal(hex(to.written()), '776c6300');
});

test('a cleared writer starts again, and its padding is zero', () => {
  const to = new Writer();
  to.raw(new Uint8Array(16).fill(0xff));
  to.clear();
  to.u8(1);
  to.pad();
  assert.equal(hex(to.written()), '01000000');
});

test('what was written can be shortened, and integers in it replaced', () => {
  const to = new Writer();
  to.u32(0);
  to.u32(0);
  to.u32(7);
  to.truncate(8);
  to.setU16(0, 0x1234);
  to.setU32(4, 0xfedcba98);
  assert.equal(hex(to.written()), hex(join(u16(0x1234), u16(0), u32(0xfedcba98))));
});

test('a reader gives back what was written', () => {
  const from = new Reader(
    join(u8(200), u8(0), u16(0x1234), u32(0xfedcba98), i32(-22), u64(2n ** 64n - 1n), be16(8080)),
  );
  assert.equal(from.u8(0), 200);
  assert.equal(from.u16(2), 0x1234);
  assert.equal(from.u32(4), 0xfedcba98);
  assert.equal(from.i32(8), -22);
  assert.equal(from.u64(12), 2n ** 64n - 1n);
  assert.equal(from.be16(20), 8080);
});

test('text ends at its NUL, or where its range does', () => {
  const from = new Reader(unhex('72 72 00 ff 73 68'));
  assert.equal(from.cstring(0, 4), 'rr');
  assert.equal(from.cstring(0, 2), 'rr');
  assert.equal(from.cstring(4, 6), 'sh');
  assert.equal(from.cstring(2, 2), '');
});

test('a reader of a view reads the view, not the memory around it', () => {
  const memory = unhex('ff ff 01 02 03 04 ff ff');
  const from = new Reader(memory.subarray(2, 6));
  assert.equal(from.be16(2), 0x0304);
  assert.equal(from.words.length, 1);
  assert.equal(from.u32(0), from.words[0]);
  assert.throws(() => from.u8(4), ProtocolError);
});

test('reading outside of the range is an error that says how much is missing', () => {
  const from = new Reader(unhex('00 01 02 03 04 05 06 07'), 2, 6);
  assert.throws(() => from.u32(4), { name: 'ProtocolError', message: 'expected 4 bytes at offset 4, got 2' });
  assert.throws(() => from.u8(1), ProtocolError);
  assert.throws(() => from.u64(2), ProtocolError);
  assert.throws(() => from.raw(4, 7), ProtocolError);
  assert.throws(() => from.raw(5, 4), ProtocolError);
  assert.throws(() => from.cstring(2, 8), ProtocolError);
  assert.throws(() => new Reader(unhex('00'), 0, 2), ProtocolError);
  assert.throws(() => new Reader(unhex('00 00'), 2, 1), ProtocolError);
});

test('raw bytes are a copy', () => {
  const memory = unhex('01 02');
  const copy = new Reader(memory).raw(0, 2);
  memory[0] = 9;
  assert.equal(hex(copy), '0102');
});

test('bytes of a Buffer are read as a copy, which is no Buffer', () => {
  const received = Buffer.from([1, 2, 3, 4]);
  const read = new Reader(received).raw(1, 3);
  received.fill(0);
  assert.deepEqual(read, Uint8Array.of(2, 3));
});
