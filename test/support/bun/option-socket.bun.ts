/** Run by Bun's test runner (test/libc/option-socket.test.ts): options of a socket, against the kernel that runs this. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { openOptionSocket } from '../../../src/libc/option-socket.js';

const IP_TTL = 2;
/** IP_VS_SO_GET_INFO, of which a kernel without IPVS knows nothing, and for which it wants a capability. */
const UNKNOWN = 0x4fe;

test('the kernel fills in the value', (t) => {
  const socket = openOptionSocket();
  t.after(() => socket.close());
  const value = new Uint8Array(8).fill(0xff);
  assert.equal(socket.read(IP_TTL, value.subarray(4)), true);
  assert.deepEqual([...value], [255, 255, 255, 255, 64, 0, 0, 0]);
});

test('an option that the kernel does not know is none, and the next one is read', (t) => {
  const socket = openOptionSocket();
  t.after(() => socket.close());
  assert.equal(socket.read(UNKNOWN, new Uint8Array(4)), false);
  assert.equal(socket.read(IP_TTL, new Uint8Array(4)), true);
});

test('a socket that was closed has none, and no descriptor', () => {
  const before = readdirSync('/proc/self/fd').length;
  const socket = openOptionSocket();
  socket.close();
  socket.close();
  assert.equal(socket.read(IP_TTL, new Uint8Array(4)), false);
  assert.equal(readdirSync('/proc/self/fd').length, before);
});
