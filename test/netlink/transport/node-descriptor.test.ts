/** Finding a socket's descriptor: the right one, or none. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import fs, { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { RawNetlinkSocket } from 'netlink/dist/raw.js';
import { descriptorOf } from '../../../src/netlink/transport/node-descriptor.js';
import { Protocol } from '../../../src/netlink/transport/socket.js';
import { findController } from '../../support/socket-seam.js';
import { readMessages } from '../../support/wire.js';

function opened(t: TestContext, protocol: number = Protocol.generic): RawNetlinkSocket {
  const socket = new RawNetlinkSocket(protocol, {
    messagePeeking: false,
    recvBufferSize: 65536,
    sendBufferSize: 65536,
  });
  t.after(() => socket.close());
  return socket;
}

/** Whoever answers there answers to this port. */
function assertOurs(socket: RawNetlinkSocket): void {
  const { port } = socket.address();
  const descriptor = descriptorOf(Protocol.generic, port);
  assert.ok(descriptor !== undefined, `no descriptor for port ${port}`);
  writeSync(descriptor, findController({ port }, 7));
  const answer = Buffer.alloc(8192);
  const [reply] = readMessages(answer.subarray(0, readSync(descriptor, answer)));
  assert.deepEqual([reply?.sequence, reply?.port], [7, port]);
}

test('each of several sockets has its own, opened in any order', (t) => {
  const sockets = [opened(t), opened(t, Protocol.route), opened(t), opened(t)];
  for (const at of [2, 0, 3]) assertOurs(sockets[at] as RawNetlinkSocket);
  (sockets[2] as RawNetlinkSocket).close();
  sockets.push(opened(t));
  for (const at of [4, 3, 0]) assertOurs(sockets[at] as RawNetlinkSocket);
});

test('a socket may lie below other files, and above numbers that are free again', (t) => {
  const [low, ...high] = Array.from({ length: 9 }, () => openSync('/dev/null', 'r')) as [number, ...number[]];
  const gaps = high.filter((_, index) => index % 2 === 0);
  t.after(() => high.filter((descriptor) => !gaps.includes(descriptor)).forEach(closeSync));
  const above = opened(t);
  closeSync(low);
  const below = opened(t);
  gaps.forEach(closeSync);
  const between = opened(t);
  for (const socket of [above, below, between]) assertOurs(socket);
});

/** A script that opens two sockets and tells their descriptors, without what it starts with. */
const script = (first: string): string => `
  import { closeSync } from 'node:fs';
  import { openNodeSocket } from '${import.meta.resolve('../../../src/netlink/transport/node.js')}';
  import { descriptorOf } from '${import.meta.resolve('../../../src/netlink/transport/node-descriptor.js')}';
  ${first};
  const sockets = [openNodeSocket(16), openNodeSocket(16)];
  const found = sockets.map(({ port }) => descriptorOf(16, port));
  for (const socket of sockets) socket.close();
  console.log(found.join());
`;

const run = promisify(execFile);

test('it may be the lowest number of all, where standard input was closed', async () => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script('closeSync(0)')]);
  assert.match(stdout, /^0,[1-9]\d*\n$/);
});

test('a thread finds its own', async () => {
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script(''))}`), {
    stdout: true,
  });
  const [told] = await once(worker.stdout.setEncoding('utf8'), 'data');
  assert.match(told, /^[1-9]\d*,[1-9]\d*\n$/);
});

test('a port of nobody, and one of somebody else, have none here', () => {
  assert.equal(descriptorOf(Protocol.generic, 0x7fff_fff1), undefined);
  // The kernel's own socket.
  assert.equal(descriptorOf(Protocol.generic, 0), undefined);
});

test('a port of another protocol is another socket’s', (t) => {
  const { port } = opened(t).address();
  assert.equal(descriptorOf(Protocol.route, port), undefined);
});

const openFiles = (): string[] =>
  fs.readdirSync('/proc/self/fd').map((descriptor) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      // That of the directory itself, and what was closed meanwhile.
      return '';
    }
  });

for (const call of ['readFileSync', 'readdirSync', 'readlinkSync'] as const) {
  test(`there is none where /proc does not tell (${call}), and no file stays open`, (t) => {
    const { port } = opened(t).address();
    const denied = t.mock.method(fs, call, () => {
      throw Object.assign(new Error('denied'), { code: 'EACCES' });
    });
    assert.equal(descriptorOf(Protocol.generic, port), undefined);
    assert.ok(denied.mock.callCount() > 0);
    t.mock.restoreAll();
    assert.ok(!openFiles().some((path) => path.endsWith('/net/netlink')));
  });
}
