/** Node's socket: what it adds to the seam. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { RawNetlinkSocket } from 'netlink/dist/raw.js';
import { Connection } from '../../../src/netlink/connection.js';
import { controllerSchema, findFamily } from '../../../src/netlink/genl.js';
import { openNodeSocket } from '../../../src/netlink/transport/node.js';
import { type Datagram, type NetlinkSocket, Protocol } from '../../../src/netlink/transport/socket.js';
import { findController, testSocket } from '../../support/socket-seam.js';
import { message, readMessages } from '../../support/wire.js';

testSocket('the socket of Node', openNodeSocket);
function opened(t: TestContext): NetlinkSocket {
  const socket = openNodeSocket(Protocol.generic);
  t.after(() => socket.close());
  return socket;
}

const sequenceOf = ({ bytes }: Datagram) => readMessages(bytes)[0]?.sequence;

test('closing ends a receive that waits', async () => {
  const socket = openNodeSocket(Protocol.generic);
  const waiting = assert.rejects(Promise.resolve(socket.receive(5000)), { reason: 'closed' });
  socket.close();
  await waiting;
});

test('receive waits for an answer that has not arrived yet', async (t) => {
  const socket = opened(t);
  const waiting = socket.receive(5000);
  assert.ok(waiting instanceof Promise);
  socket.send(findController(socket, 3));
  assert.equal(sequenceOf(await waiting), 3);
});

test('a loss of answers is an overrun, and what comes after it is still received', async (t) => {
  let raw: RawNetlinkSocket | undefined;
  const { on } = RawNetlinkSocket.prototype;
  const seen = t.mock.method(RawNetlinkSocket.prototype, 'on', function (
    this: RawNetlinkSocket,
    ...args: never
  ) {
    raw = this;
    return (on as (...args: never) => unknown).apply(this, args);
  } as typeof on);
  const socket = opened(t);
  seen.mock.restore();
  raw?.emit('error', Object.assign(new Error('no buffer space'), { code: 'ENOBUFS', errno: 105 }) as never);
  assert.throws(() => socket.receive(5000), { reason: 'overrun', errno: 105 });
  socket.send(findController(socket, 1));
  assert.equal(sequenceOf(await socket.receive(5000)), 1);
});

test('a timer goes off while requests follow each other', async (t) => {
  const connection = new Connection(opened(t));
  let ended = false;
  setTimeout(() => {
    ended = true;
  }, 10);
  const start = performance.now();
  while (!ended && performance.now() - start < 5000) await findFamily(connection, controllerSchema);
  assert.ok(ended);
});

const skip = process.getuid?.() !== 0 && 'only root may send to the port of others';

/** Somebody who sends to this socket. */
function stranger(t: TestContext, { port }: NetlinkSocket): (bytes: Uint8Array) => void {
  const socket = new RawNetlinkSocket(Protocol.generic, {
    recvBufferSize: 1 << 16,
    sendBufferSize: 1 << 18,
  });
  t.after(() => socket.close());
  return (bytes) => socket.send(Buffer.from(bytes), { port });
}

test(`a datagram that does not fit is reported as truncated`, { skip }, async (t) => {
  const socket = opened(t);
  stranger(t, socket)(new Uint8Array(100_000));
  await assert.rejects(async () => socket.receive(5000), { reason: 'truncated' });
});

test(`strangers are not heard`, { skip }, async (t) => {
  const socket = opened(t);
  const say = stranger(t, socket);
  const { port } = socket;
  const lie = { type: 2, flags: 0, sequence: 77, port };
  for (const bytes of [message(lie, new Uint8Array(4)), message({ ...lie, port: 1 }), Uint8Array.of(0)])
    say(bytes);
  const connection = new Connection(socket, { timeout: 5000 });
  assert.equal((await findFamily(connection, controllerSchema)).id, 16);
});

test(`strangers do not put the deadline off`, { skip }, async (t) => {
  const socket = opened(t);
  const say = stranger(t, socket);
  const chatter = setInterval(() => say(Uint8Array.of(0)), 1);
  t.after(() => clearInterval(chatter));
  // A request that nobody gets.
  const deaf: NetlinkSocket = {
    port: socket.port,
    receiveBuffer: socket.receiveBuffer,
    largestSend: socket.largestSend,
    send: () => {},
    receive: (timeout) => socket.receive(timeout),
    close: () => socket.close(),
  };
  const connection = new Connection(deaf, { timeout: 80 });
  await assert.rejects(findFamily(connection, controllerSchema), { reason: 'deadline' });
});
