/** Run by Bun's test runner (test/netlink/socket-bun.test.ts): the executable's socket, on its own runtime. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransportError } from '../../../src/errors.js';
import { openBunSocket } from '../../../src/netlink/transport/bun.js';
import { Protocol } from '../../../src/netlink/transport/socket.js';
import { testSocket } from '../socket-seam.js';

testSocket('the socket of Bun', openBunSocket);

test("errno is the failed call's, however busy the runtime is between the two calls", (t) => {
  const socket = openBunSocket(Protocol.generic);
  t.after(() => socket.close());
  const tooLong = new Uint8Array(8 << 20);
  const errnos = new Set<unknown>();
  for (let i = 0; i < 20_000; i++) {
    // Garbage, so that collections fall between.
    const garbage = Array.from({ length: 50 }, (_, at) => ({ at, text: `${i}/${at}` }));
    try {
      if (i % 2 === 0) socket.send(tooLong);
      else openBunSocket(63);
    } catch (error) {
      errnos.add(
        error instanceof TransportError && error.errno === (i % 2 === 0 ? 90 : 93) && garbage.length === 50,
      );
    }
  }
  assert.deepEqual([...errnos], [true]);
});
