/** Node's socket: what it adds to the seam, the ways by its descriptor and by the event loop among it. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { mock, type TestContext, test } from 'node:test';
import { RawNetlinkSocket } from 'netlink/dist/raw.js';
import { Connection } from '../../../src/netlink/connection.js';
import { controllerSchema, findFamily } from '../../../src/netlink/genl.js';
import { openNodeSocket } from '../../../src/netlink/transport/node.js';
import { type Datagram, type NetlinkSocket, Protocol } from '../../../src/netlink/transport/socket.js';
import { findController, testSocket } from '../../support/socket-seam.js';
import { message, readMessages } from '../../support/wire.js';

/** A socket whose descriptor could not be found. */
function openWithoutDescriptor(protocol: number): NetlinkSocket {
  const hidden = mock.method(fs, 'openSync', () => {
    throw Object.assign(new Error('no /proc here'), { code: 'ENOENT' });
  });
  try {
    return openNodeSocket(protocol);
  } finally {
    hidden.mock.restore();
  }
}

testSocket('the socket of Node', openNodeSocket);
testSocket('the socket of Node without its descriptor', openWithoutDescriptor);

const ways = { 'with its descriptor': openNodeSocket, 'without its descriptor': openWithoutDescriptor };

function opened(t: TestContext, open = openNodeSocket): NetlinkSocket {
  const socket = open(Protocol.generic);
  t.after(() => socket.close());
  return socket;
}

const sequenceOf = ({ bytes }: Datagram) => readMessages(bytes)[0]?.sequence;

/** The next call of this function of node:fs fails. */
function failing(t: TestContext, call: 'readSync' | 'writeSync', code: string, errno: number) {
  const { mock } = t.mock.method(fs, call);
  mock.mockImplementationOnce(() => {
    throw Object.assign(new Error(`${code}: as the test wants it`), { code, errno: -errno });
  });
  return mock;
}

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('closing ends a receive that waits', async () => {
  const socket = openNodeSocket(Protocol.generic);
  const waiting = assert.rejects(Promise.resolve(socket.receive(5000)), { reason: 'closed' });
  socket.close();
  await waiting;
});

test('an answer is there at once, but for now and then, when the event loop has its turn', async (t) => {
  let seconds = 0;
  t.mock.method(process, 'uptime', () => seconds);
  const socket = opened(t);
  const ask = () => {
    socket.send(findController(socket, 3));
    return socket.receive(5000);
  };
  for (const moment of [0, 0.049, 0.051, 0.1]) {
    seconds = moment;
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    const answer = ask();
    assert.equal(answer instanceof Promise, moment === 0.051, `after ${moment} s`);
    assert.equal(sequenceOf(await answer), 3);
    assert.equal(turned, moment === 0.051);
  }
});

test('one that is not there yet is waited for', async (t) => {
  const socket = opened(t);
  const waiting = socket.receive(5000);
  assert.ok(waiting instanceof Promise);
  socket.send(findController(socket, 3));
  assert.equal(sequenceOf(await waiting), 3);
});

test('what the event loop received comes before what is read after it', async (t) => {
  const socket = opened(t);
  socket.send(findController(socket, 1));
  await later(20);
  socket.send(findController(socket, 2));
  const first = await socket.receive(5000);
  const second = await socket.receive(5000);
  assert.deepEqual([first, second].map(sequenceOf), [1, 2]);
});

for (const [code, errno] of Object.entries({ EAGAIN: 11, EINTR: 4 })) {
  test(`a request that the kernel does not take at once is not lost, nor passed by a later one (${code})`, async (t) => {
    const socket = opened(t);
    const write = failing(t, 'writeSync', code, errno);
    for (const sequence of [1, 2]) socket.send(findController(socket, sequence));
    assert.equal(write.callCount(), 1, 'the second goes the way of the first');
    assert.equal(sequenceOf(await socket.receive(5000)), 1);
    assert.equal(sequenceOf(await socket.receive(5000)), 2);
    await later(20);
    socket.send(findController(socket, 3));
    assert.equal(write.callCount(), 2, 'and later ones at once again');
    assert.equal(sequenceOf(await socket.receive(5000)), 3);
  });

  test(`a read that gets nothing is no failure (${code})`, async (t) => {
    const socket = opened(t);
    socket.send(findController(socket, 1));
    failing(t, 'readSync', code, errno);
    assert.equal(sequenceOf(await socket.receive(5000)), 1);
  });
}

test('what else a system call says is an error with its errno', (t) => {
  const socket = opened(t);
  failing(t, 'writeSync', 'EPERM', 1);
  assert.throws(() => socket.send(new Uint8Array(16)), { reason: 'system', operation: 'send', errno: 1 });
  failing(t, 'readSync', 'ENOMEM', 12);
  assert.throws(() => socket.receive(5000), { reason: 'system', operation: 'receive', errno: 12 });
});

test('more answers than there is room for are an overrun, and what did fit is still there', async (t) => {
  const socket = opened(t);
  const flood = Math.ceil(socket.receiveBuffer / 500);
  for (let sequence = 1; sequence <= flood; sequence++) socket.send(findController(socket, sequence));
  assert.throws(() => socket.receive(5000), { reason: 'overrun', errno: 105 });
  for (let sequence = 1; sequence <= 100; sequence++) {
    assert.equal(sequenceOf(await socket.receive(5000)), sequence);
  }
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

for (const [way, open] of Object.entries(ways)) {
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

  test(`${way}: a datagram that does not fit is told as cut off`, { skip }, async (t) => {
    const socket = opened(t, open);
    stranger(t, socket)(new Uint8Array(100_000));
    await assert.rejects(async () => socket.receive(5000), { reason: 'truncated' });
  });

  test(`${way}: strangers are not heard`, { skip }, async (t) => {
    const socket = opened(t, open);
    const say = stranger(t, socket);
    const { port } = socket;
    const lie = { type: 2, flags: 0, sequence: 77, port };
    for (const bytes of [message(lie, new Uint8Array(4)), message({ ...lie, port: 1 }), Uint8Array.of(0)])
      say(bytes);
    const connection = new Connection(socket, { timeout: 5000 });
    assert.equal((await findFamily(connection, controllerSchema)).id, 16);
  });

  test(`${way}: strangers do not put the deadline off`, { skip }, async (t) => {
    const socket = opened(t, open);
    const say = stranger(t, socket);
    const chatter = setInterval(() => say(Uint8Array.of(0)), 1);
    t.after(() => clearInterval(chatter));
    // A request that nobody gets.
    const deaf: NetlinkSocket = {
      port: socket.port,
      receiveBuffer: socket.receiveBuffer,
      send: () => {},
      receive: (timeout) => socket.receive(timeout),
      close: () => socket.close(),
    };
    const connection = new Connection(deaf, { timeout: 80 });
    await assert.rejects(findFamily(connection, controllerSchema), { reason: 'deadline' });
  });
}
