/**
 * Netlink on Node.js: RawNetlinkSocket of the `netlink` package, and nothing else of that package. Each request and each datagram is a
 * turn of the event loop.
 */
import { type ErrnoException, RawNetlinkSocket } from 'netlink/dist/raw.js';
import { TransportError } from '../../errors.js';
import { ReceiveQueue } from './receive-queue.js';
import {
  bufferSizes,
  type Datagram,
  largestSend,
  type NetlinkSocket,
  Protocol,
  socketFailure,
} from './socket.js';

/**
 * Room for a datagram, in bytes. The kernel makes the parts of a dump as large as what was read with before, but smaller
 * than 32 KiB; an answer echoes at most one request. A link's message of rtnetlink may be as large as its virtual functions
 * are many. So a datagram that fills all the room was cut off.
 */
const datagramSize = (protocol: number): number => (protocol === Protocol.route ? 64 : 32) * 1024;

class NodeSocket implements NetlinkSocket {
  readonly port: number;
  readonly receiveBuffer: number;
  readonly largestSend: number;
  private readonly raw: RawNetlinkSocket;
  private readonly received = new ReceiveQueue();
  private closed = false;

  constructor(protocol: number) {
    this.raw = openRaw(protocol);
    this.port = this.raw.address().port;
    this.receiveBuffer = this.raw.getRecvBufferSize();
    this.largestSend = largestSend(this.raw.getSendBufferSize());
    const { received } = this;
    this.raw.on('message', (bytes, { port }) => received.put({ bytes, sender: port }));
    this.raw.on('truncatedMessage', (bytes, { truncated }) =>
      received.put(
        new TransportError(
          'truncated',
          'receive',
          `a datagram of ${truncated} bytes, room for ${bytes.length}`,
        ),
      ),
    );
    this.raw.on('error', (error) => received.put(failure('receive', error)));
  }

  /** The package tells a turn later whether the kernel has the request: a failure stands in place of the answer. */
  send(bytes: Uint8Array): void {
    if (this.closed) throw closedError('send');
    try {
      // The bytes are the caller's again, and the package may send later.
      this.raw.send(Buffer.from(bytes), {}, (error) => {
        if (error) this.received.put(failure('send', error));
      });
    } catch (error) {
      // After an error of polling it has closed the socket.
      throw failure('send', error);
    }
  }

  receive(timeout: number): Promise<Datagram> | Datagram {
    const datagram = this.received.take();
    if (datagram !== undefined) return datagram;
    if (this.closed) throw closedError('receive');
    return this.received.wait(timeout);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.raw.close();
    this.received.close(closedError('receive'));
  }
}

function openRaw(protocol: number): RawNetlinkSocket {
  try {
    const raw = new RawNetlinkSocket(protocol, {
      // One system call per datagram instead of two.
      messagePeeking: false,
      msgBufferSize: datagramSize(protocol),
      recvBufferSize: bufferSizes.receive,
      sendBufferSize: bufferSizes.send,
    });
    return raw;
  } catch (error) {
    throw failure('open', error);
  }
}

const closedError = (operation: string) => new TransportError('closed', operation, 'the socket is closed');

function failure(operation: string, error: unknown): TransportError {
  const { message, errno } = error as ErrnoException | NodeJS.ErrnoException;
  // An errno is negative in Node's errors, positive in the package's.
  return socketFailure(operation, message, errno && Math.abs(errno));
}

/**
 * Opens a netlink socket of a protocol (linux/netlink.h) in the process's network namespace.
 * @throws TransportError
 */
export const openNodeSocket = (protocol: number): NetlinkSocket => new NodeSocket(protocol);
