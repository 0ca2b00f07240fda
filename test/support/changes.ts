/** The changes among requests on the wire, sockets that send in another way, and one that is cut off after so many changes. */
import { ipvsSchema } from '../../src/ipvs/schema.js';
import type { NetlinkSocket, OpenSocket } from '../../src/netlink/transport/socket.js';
import { message, readMessages } from './wire.js';

/** Message type of the controller, which tells the types of families. */
const CONTROLLER = 0x10;

/** NLMSG_NOOP, and the flags NLM_F_REQUEST and NLM_F_ACK: linux/netlink.h. */
const NOOP = 1;
const REQUEST = 1;
const ACK = 4;

const reads: ReadonlySet<number> = new Set(
  Object.entries(ipvsSchema.operations)
    .filter(([name]) => name.startsWith('get'))
    .map(([, { command }]) => command),
);

/** Where each request begins that would change something, in a datagram of requests. */
export function changesIn(datagram: Uint8Array): number[] {
  const starts: number[] = [];
  let start = 0;
  for (const { bytes, type, payload } of readMessages(datagram.slice())) {
    if (type !== CONTROLLER && !reads.has(payload[0] ?? 0)) starts.push(start);
    start += Math.ceil(bytes.length / 4) * 4;
  }
  return starts;
}

/** The same socket with another `send`. Its other calls need it as `this`. */
export const withSend = (socket: NetlinkSocket, send: NetlinkSocket['send']): NetlinkSocket => ({
  port: socket.port,
  receiveBuffer: socket.receiveBuffer,
  largestSend: socket.largestSend,
  receive: (timeout) => socket.receive(timeout),
  close: () => socket.close(),
  send,
});

/** What a socket ends in whose process has died. */
export class Died extends Error {
  override name = 'Died';
}

/**
 * Opens sockets whose process dies as it is about to send one more change than `changes`, in the middle of a datagram if
 * it comes to that: what was sent before has been carried out, and nothing else ever is.
 */
export const dyingAfter =
  (changes: number, openSocket: OpenSocket): OpenSocket =>
  async (protocol) => {
    const socket = await openSocket(protocol);
    let left = changes;
    return withSend(socket, async (bytes) => {
      const starts = changesIn(bytes);
      if (starts.length <= left) {
        left -= starts.length;
        return socket.send(bytes);
      }
      const end = starts[left] ?? 0;
      if (end > 0) {
        // The kernel acknowledges a message that says nothing once it is done with those before it.
        const last = message({ type: NOOP, flags: REQUEST | ACK, sequence: 0, port: socket.port });
        await socket.send(Buffer.concat([bytes.subarray(0, end), last]));
        await socket.receive(10_000);
      }
      socket.close();
      throw new Died(`after ${changes} changes`);
    });
  };
