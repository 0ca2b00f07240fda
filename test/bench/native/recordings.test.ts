/** The index that replay.c looks requests up in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashOf, indexOf } from './recordings.js';

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const item = (
  kind: number,
  of: number,
  first: Uint8Array,
  second: Uint8Array = new Uint8Array(),
): Uint8Array => Buffer.concat([words(kind, of, first.length, second.length), first, second]);

/** A request: its size, type, sequence number, port id, and a word that it is about. */
const request = (about: number, sequence: number, port: number): Uint8Array =>
  words(20, 0, sequence, port, about);

/** As replay.c finds it. */
function answersTo(hash: bigint, { index, data }: ReturnType<typeof indexOf>): string[] | undefined {
  const view = new DataView(index.buffer);
  const slots = view.getUint32(4, true);
  for (let slot = Number(hash & BigInt(slots - 1)); ; slot = (slot + 1) % slots) {
    const found = view.getBigUint64(16 + 16 * slot, true);
    if (found === 0n) return undefined;
    if (found !== hash) continue;
    const [first, count] = [24, 28].map((at) => view.getUint32(at + 16 * slot, true)) as [number, number];
    return Array.from({ length: count }, (_, at) => {
      const part = 16 + 16 * slots + 16 * (first + at);
      const offset = Number(view.getBigUint64(part, true));
      return Buffer.from(data.subarray(offset, offset + view.getUint32(part + 8, true))).toString();
    });
  }
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test('a request is found by its bytes without sequence number and port id, whichever log has it first', () => {
  const index = indexOf([
    Buffer.concat([
      item(1, 5, request(1, 11, 22)),
      item(1, 6, request(2, 12, 22)),
      item(2, 5, text('one')),
      item(2, 6, text('two')),
      item(2, 5, text('more of one')),
    ]),
    Buffer.concat([item(1, 5, request(1, 31, 32)), item(2, 5, text('another one'))]),
  ]);
  assert.deepEqual(answersTo(hashOf(request(1, 0, 0)), index), ['one', 'more of one']);
  assert.deepEqual(answersTo(hashOf(request(2, 0, 0)), index), ['two']);
  assert.equal(answersTo(hashOf(request(3, 0, 0)), index), undefined);
});

test('a socket option is found by its number and its key', () => {
  const index = indexOf([
    Buffer.concat([item(3, 1154, text('key'), text('value')), item(3, 1155, text('key'), text('other'))]),
  ]);
  assert.deepEqual(answersTo(hashOf(words(1154), text('key')), index), ['value']);
  assert.deepEqual(answersTo(hashOf(words(1155), text('key')), index), ['other']);
});

test('a batch has no answers of its own', () => {
  const batch = Buffer.concat([request(1, 1, 1), request(2, 2, 1)]);
  const index = indexOf([Buffer.concat([item(1, 5, batch), item(2, 5, text('acknowledged'))])]);
  assert.equal(index.data.length, 0);
});
