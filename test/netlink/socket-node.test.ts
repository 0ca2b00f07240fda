/**
 * The real socket against the real kernel: every Linux answers its generic-netlink controller, whatever else it lacks,
 * and asks no privilege for it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KernelError, TransportError } from '../../src/errors.js';
import { Connection } from '../../src/netlink/connection.js';
import { CONTROLLER_ID, controllerSchema, findFamily } from '../../src/netlink/genl.js';
import { type NetlinkSocket, Protocol } from '../../src/netlink/socket.js';
import { openNodeSocket } from '../../src/netlink/socket-node.js';
import { attribute, genl, getU16, message, readMessages, text } from '../support/wire.js';

/** CTRL_CMD_GETFAMILY for the controller itself. */
const findController = (socket: NetlinkSocket, sequence: number): Uint8Array =>
  message(
    { type: CONTROLLER_ID, flags: 1, sequence, port: socket.port },
    genl(3, 2),
    attribute(2, text('nlctrl')),
  );

test('the kernel answers on a socket of its own port', async (t) => {
  const socket = openNodeSocket(Protocol.generic);
  t.after(() => socket.close());
  assert.ok(socket.port > 0 && socket.receiveBuffer > 4096);
  await socket.send(findController(socket, 7));
  const { bytes, sender } = await socket.receive(5000);
  const [reply] = readMessages(bytes);
  assert.equal(sender, 0);
  assert.deepEqual([reply?.type, reply?.sequence, reply?.port], [CONTROLLER_ID, 7, socket.port]);
});

test('a family is found by its name, and one that is not there is ENOENT', async (t) => {
  const connection = new Connection(openNodeSocket(Protocol.generic), { timeout: 5000 });
  t.after(() => connection.close());
  assert.equal((await findFamily(connection, controllerSchema)).id, CONTROLLER_ID);
  await assert.rejects(
    findFamily(connection, { ...controllerSchema, name: 'no-such' }),
    new KernelError('getFamily', 2),
  );
});

test('answers that came before anybody asked are kept in order', async (t) => {
  const socket = openNodeSocket(Protocol.generic);
  t.after(() => socket.close());
  for (const sequence of [1, 2, 3]) await socket.send(findController(socket, sequence));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const sequences: (number | undefined)[] = [];
  for (let i = 0; i < 3; i++) {
    const { bytes } = await socket.receive(5000);
    sequences.push(readMessages(bytes)[0]?.sequence);
  }
  assert.deepEqual(sequences, [1, 2, 3]);
});

test('a receive that gets nothing ends in time, and the socket can be used on', async (t) => {
  const socket = openNodeSocket(Protocol.generic);
  t.after(() => socket.close());
  await assert.rejects(Promise.resolve(socket.receive(20)), { name: 'TransportError', reason: 'deadline' });
  await socket.send(findController(socket, 1));
  assert.equal(getU16((await socket.receive(5000)).bytes, 4), CONTROLLER_ID);
});

test('closing ends a receive that waits, and everything after', async () => {
  const socket = openNodeSocket(Protocol.generic);
  const waiting = assert.rejects(Promise.resolve(socket.receive(5000)), { reason: 'closed' });
  socket.close();
  socket.close();
  await waiting;
  const closed = { name: 'TransportError', reason: 'closed' };
  await assert.rejects(async () => socket.receive(5000), closed);
  await assert.rejects(async () => socket.send(new Uint8Array(16)), closed);
});

test('a send that the kernel refuses is told in place of the answer, with its errno', async (t) => {
  const socket = openNodeSocket(Protocol.generic);
  t.after(() => socket.close());
  socket.send(new Uint8Array(8 << 20));
  await assert.rejects(async () => socket.receive(5000), {
    name: 'TransportError',
    reason: 'system',
    operation: 'send',
    errno: 90,
  });
});

test('the bytes of a send are the caller’s again at once', async (t) => {
  const socket = openNodeSocket(Protocol.generic);
  t.after(() => socket.close());
  const bytes = findController(socket, 9);
  for (let sequence = 0; sequence < 2; sequence++) socket.send(bytes);
  bytes.fill(0xff);
  for (let sequence = 0; sequence < 2; sequence++) {
    assert.equal(readMessages((await socket.receive(5000)).bytes)[0]?.sequence, 9);
  }
});

test('a protocol that the kernel does not have is an error of opening', () => {
  assert.throws(
    () => openNodeSocket(63),
    (error: unknown) => error instanceof TransportError && error.operation === 'open' && error.errno === 93,
  );
});
