/**
 * What every implementation of the seam has to do, shown against the real kernel: every Linux answers its generic-netlink
 * controller, whatever else it lacks, and asks no privilege for it.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KernelError, TransportError } from '../../src/errors.js';
import { Connection } from '../../src/netlink/connection.js';
import { CONTROLLER_ID, controllerSchema, findFamily } from '../../src/netlink/genl.js';
import { type NetlinkSocket, type OpenSocket, Protocol } from '../../src/netlink/transport/socket.js';
import { attribute, genl, getU16, message, readMessages, text } from './wire.js';

/** CTRL_CMD_GETFAMILY for the controller itself. */
export const findController = ({ port }: Pick<NetlinkSocket, 'port'>, sequence: number): Uint8Array =>
  message({ type: CONTROLLER_ID, flags: 1, sequence, port }, genl(3, 2), attribute(2, text('nlctrl')));

/** `name` is the implementation's. */
export const testSocket = (name: string, open: OpenSocket) =>
  describe(name, () => {
    test('the kernel answers on a socket of its own port', async (t) => {
      const socket = await open(Protocol.generic);
      t.after(() => socket.close());
      assert.ok(socket.port > 0 && socket.receiveBuffer > 4096 && socket.largestSend > 4096);
      await socket.send(findController(socket, 7));
      const { bytes, sender } = await socket.receive(5000);
      const [reply] = readMessages(bytes);
      assert.equal(sender, 0);
      assert.deepEqual([reply?.type, reply?.sequence, reply?.port], [CONTROLLER_ID, 7, socket.port]);
    });

    test('a family is found by its name, and one that is not there is ENOENT', async (t) => {
      const connection = new Connection(await open(Protocol.generic), { timeout: 5000 });
      t.after(() => connection.close());
      assert.equal((await findFamily(connection, controllerSchema)).id, CONTROLLER_ID);
      await assert.rejects(
        findFamily(connection, { ...controllerSchema, name: 'no-such' }),
        new KernelError('getFamily', 2),
      );
    });

    test('answers that arrive before receive() are kept in order', async (t) => {
      const socket = await open(Protocol.generic);
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
      const socket = await open(Protocol.generic);
      t.after(() => socket.close());
      await assert.rejects(async () => socket.receive(20), { name: 'TransportError', reason: 'deadline' });
      await socket.send(findController(socket, 1));
      assert.equal(getU16((await socket.receive(5000)).bytes, 4), CONTROLLER_ID);
    });

    test('a socket that was closed, even twice, is closed', async () => {
      const socket = await open(Protocol.generic);
      socket.close();
      socket.close();
      const closed = { name: 'TransportError', reason: 'closed' };
      await assert.rejects(async () => socket.receive(5000), closed);
      await assert.rejects(async () => socket.send(new Uint8Array(16)), closed);
    });

    test('a send that the kernel refuses is an error with its errno, at the latest in place of the answer', async (t) => {
      const socket = await open(Protocol.generic);
      t.after(() => socket.close());
      const sending = async () => {
        await socket.send(new Uint8Array(8 << 20));
        await socket.receive(5000);
      };
      await assert.rejects(sending, {
        name: 'TransportError',
        reason: 'system',
        operation: 'send',
        errno: 90,
      });
    });

    test('the bytes of a send are the caller’s again at once', async (t) => {
      const socket = await open(Protocol.generic);
      t.after(() => socket.close());
      const bytes = findController(socket, 9);
      for (let sent = 0; sent < 2; sent++) await socket.send(bytes);
      bytes.fill(0xff);
      for (let answers = 0; answers < 2; answers++) {
        assert.equal(readMessages((await socket.receive(5000)).bytes)[0]?.sequence, 9);
      }
    });

    test('a protocol that the kernel does not have is an error of opening', async () => {
      await assert.rejects(
        async () => open(63),
        (error: unknown) =>
          error instanceof TransportError && error.operation === 'open' && error.errno === 93,
      );
    });
  });
