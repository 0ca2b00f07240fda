/** Sockets of the machine: opened at their first use, and again after a failure. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransportError } from '../../src/errors.js';
import type { NetlinkSocket, OpenSocket } from '../../src/netlink/transport/socket.js';
import { Machine } from '../../src/system/machine.js';
import { ownFiles } from '../support/flock.js';

const failure = (operation: string): TransportError => new TransportError('system', operation, 'no memory');

/** A socket that fails at its first use. */
const broken = (): NetlinkSocket =>
  new Proxy({} as NetlinkSocket, {
    get: (_, name) => {
      // The result of an await.
      if (name === 'then') return undefined;
      if (name === 'close') return () => {};
      return () => {
        throw failure(String(name));
      };
    },
  });

test('a socket that cannot be opened, or has failed, is opened again', async () => {
  let opened = 0;
  const open: OpenSocket = async () => {
    if (++opened === 1) throw failure('open');
    return broken();
  };
  const machine = new Machine(open, ownFiles);
  await assert.rejects(machine.route(), TransportError);
  const [route, same] = await Promise.all([machine.route(), machine.route()]);
  assert.equal(route, same);
  assert.equal(opened, 2);
  await assert.rejects(route.links(), TransportError);
  assert.notEqual(await machine.route(), route);
  assert.equal(opened, 3);
  await machine.close();
});
