/**
 * Run by Bun's test runner (test/netlink/socket-bun.test.ts): what can go wrong with a system call, made to happen. Through
 * the seam alone, and against the kernel that runs this.
 */

import { dlopen } from 'bun:ffi';
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { KernelError, type TransportError } from '../../../src/errors.js';
import { Connection } from '../../../src/netlink/connection.js';
import { CONTROLLER_ID } from '../../../src/netlink/genl.js';
import { openBunSocket } from '../../../src/netlink/transport/bun.js';
import { type NetlinkSocket, Protocol } from '../../../src/netlink/transport/socket.js';
import { attribute, genl, message, readMessages, text, u16, u32 } from '../wire.js';

declare const Bun: { gc(force: boolean): void };

const CTRL_CMD_GETFAMILY = 3;
const CTRL_ATTR_FAMILY_NAME = 2;

const findFamily = (socket: NetlinkSocket, sequence: number, name = 'nlctrl'): Uint8Array =>
  message(
    { type: CONTROLLER_ID, flags: 1, sequence, port: socket.port },
    genl(CTRL_CMD_GETFAMILY, 2),
    attribute(CTRL_ATTR_FAMILY_NAME, text(name)),
  );

const sequenceOf = (bytes: Uint8Array): number | undefined => readMessages(bytes)[0]?.sequence;

/** The descriptors of this process, by what each of them is. */
const descriptors = (): Map<string, string> =>
  new Map(
    readdirSync('/proc/self/fd').flatMap((descriptor) => {
      try {
        return [[readlinkSync(`/proc/self/fd/${descriptor}`), descriptor] as const];
      } catch {
        return [];
      }
    }),
  );

/** The descriptor behind a socket: that of the inode which the kernel lists with its port. */
function descriptorOf({ port }: NetlinkSocket): number {
  const row = readFileSync('/proc/net/netlink', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([, protocol, portId]) => protocol === '16' && Number(portId) === port);
  const descriptor = descriptors().get(`socket:[${row?.[9]}]`);
  assert.ok(descriptor, `no descriptor for port ${port}`);
  return Number(descriptor);
}

const failing = (reason: TransportError['reason'], errno?: number) => (error: unknown) => {
  const { reason: seen, errno: number } = error as TransportError;
  assert.deepEqual([seen, number], [reason, errno], String(error));
  return true;
};

test('a descriptor that somebody closed is EBADF, in both directions', () => {
  const socket = openBunSocket(Protocol.generic);
  closeSync(descriptorOf(socket));
  assert.throws(() => socket.send(findFamily(socket, 1)), failing('system', 9));
  assert.throws(() => socket.receive(100), failing('system', 9));
  socket.close();
});

test('closing releases the descriptor, once', () => {
  const before = descriptors().size;
  const sockets = Array.from({ length: 10 }, () => openBunSocket(Protocol.generic));
  assert.equal(descriptors().size, before + 10);
  for (const socket of sockets) socket.close();
  assert.equal(descriptors().size, before);
  // The number may be another file's by now.
  const other = openBunSocket(Protocol.generic);
  for (const socket of sockets) socket.close();
  other.send(findFamily(other, 1));
  assert.equal(sequenceOf((other.receive(5000) as { bytes: Uint8Array }).bytes), 1);
  other.close();
});

test('opening what cannot be opened leaves no descriptor behind', () => {
  const before = descriptors().size;
  for (let i = 0; i < 20; i++) assert.throws(() => openBunSocket(63), failing('system', 93));
  assert.equal(descriptors().size, before);
});

/** Sends this process a signal every 10 ms, until it is told to stop. */
function interrupting(): ChildProcess {
  return spawn('sh', ['-c', `while kill -USR1 ${process.pid}; do sleep 0.01; done`], { stdio: 'ignore' });
}

test('a signal in the midst of waiting neither ends the wait nor prolongs it', async (t) => {
  const signals = { count: 0 };
  const count = () => {
    signals.count++;
  };
  process.on('SIGUSR1', count);
  const child = interrupting();
  const ended = once(child, 'exit');
  t.after(() => process.off('SIGUSR1', count));
  const socket = openBunSocket(Protocol.generic);
  try {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const start = performance.now();
    assert.throws(() => socket.receive(500), failing('deadline'));
    const took = performance.now() - start;
    assert.ok(took >= 495 && took < 2000, `waited ${took} ms for 500 ms`);
    // An answer that is there is received as ever.
    for (let sequence = 1; sequence <= 200; sequence++) {
      socket.send(findFamily(socket, sequence));
      assert.equal(sequenceOf((socket.receive(5000) as { bytes: Uint8Array }).bytes), sequence);
    }
  } finally {
    child.kill('SIGKILL');
    await ended;
    socket.close();
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(signals.count > 0, 'no signal arrived');
});

test('no time at all is a look at what is there', () => {
  const socket = openBunSocket(Protocol.generic);
  for (const timeout of [0, 0.0001, -1]) {
    const start = performance.now();
    assert.throws(() => socket.receive(timeout), failing('deadline'));
    assert.ok(performance.now() - start < 1000);
  }
  socket.send(findFamily(socket, 5));
  assert.equal(sequenceOf((socket.receive(0) as { bytes: Uint8Array }).bytes), 5);
  socket.close();
});

test('more answers than there is room for are an overrun, and what did fit is still there', () => {
  const socket = openBunSocket(Protocol.generic);
  const flood = Math.ceil(socket.receiveBuffer / 500);
  for (let sequence = 1; sequence <= flood; sequence++) socket.send(findFamily(socket, sequence));
  assert.throws(() => socket.receive(5000), failing('overrun', 105));
  let received = 0;
  assert.throws(() => {
    for (; ; received++) socket.receive(100);
  }, failing('deadline'));
  assert.ok(received > 100 && received < flood, `${received} of ${flood}`);
  socket.send(findFamily(socket, 7));
  assert.equal(sequenceOf((socket.receive(5000) as { bytes: Uint8Array }).bytes), 7);
  socket.close();
});

test('a datagram longer than the buffer is reported as truncated, and the sender is known', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root may send to the port of another process');
  const { symbols: c } = dlopen('libc.so.6', {
    socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
    sendto: { args: ['i32', 'ptr', 'u64', 'i32', 'ptr', 'u32'], returns: 'i64_fast' },
    close: { args: ['i32'], returns: 'i32' },
  });
  const socket = openBunSocket(Protocol.generic);
  const sender = c.socket(16, 3, Protocol.generic);
  t.after(() => {
    c.close(sender);
    socket.close();
  });
  const address = new Uint8Array([...u16(16), 0, 0, ...u32(socket.port), ...u32(0)]);
  const send = (size: number) => c.sendto(sender, new Uint8Array(size), size, 0, address, address.length);
  assert.equal(send(100_000), 100_000);
  assert.throws(() => socket.receive(5000), failing('truncated'));
  assert.equal(send(64 * 1024), 64 * 1024);
  const datagram = (await socket.receive(5000)) as { bytes: Uint8Array; sender: number };
  assert.equal(datagram.bytes.length, 64 * 1024);
  assert.ok(datagram.sender > 0);
});

test('a refusal comes with the kernel’s own words', async (t) => {
  const connection = new Connection(openBunSocket(Protocol.generic), { timeout: 5000 });
  t.after(() => connection.close());
  const refused = connection.acknowledge({
    operation: 'getFamily',
    type: CONTROLLER_ID,
    put: (to) => {
      // A name longer than any family's may be.
      for (const byte of [
        ...genl(CTRL_CMD_GETFAMILY, 2),
        ...attribute(CTRL_ATTR_FAMILY_NAME, text('x'.repeat(40))),
      ])
        to.u8(byte);
    },
  });
  await assert.rejects(refused, (error) => {
    assert.ok(error instanceof KernelError);
    assert.match(error.message, /Attribute failed policy validation/);
    return true;
  });
});

test('memory that the kernel writes to stays where it is while garbage is collected', () => {
  const sockets = Array.from({ length: 4 }, () => openBunSocket(Protocol.generic));
  for (let sequence = 1; sequence <= 150; sequence++) {
    for (const socket of sockets) {
      socket.send(findFamily(socket, sequence));
      const garbage = Array.from({ length: 100 }, (_, at) => new Uint8Array(at));
      if (sequence % 3 === 0) Bun.gc(true);
      const { bytes } = socket.receive(5000) as { bytes: Uint8Array };
      assert.deepEqual([sequenceOf(bytes), garbage.length], [sequence, 100]);
    }
  }
  for (const socket of sockets) socket.close();
});
