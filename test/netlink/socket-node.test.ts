/** Node's socket, which answers later: what that adds to the seam. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Protocol } from '../../src/netlink/socket.js';
import { openNodeSocket } from '../../src/netlink/socket-node.js';
import { testSocket } from '../support/socket-seam.js';

testSocket('the socket of Node', openNodeSocket);

test('closing ends a receive that waits', async () => {
  const socket = openNodeSocket(Protocol.generic);
  const waiting = assert.rejects(Promise.resolve(socket.receive(5000)), { reason: 'closed' });
  socket.close();
  await waiting;
});
