/**
 * Netlink on Node.js: RawNetlinkSocket of the `netlink` package, and nothing else of that package. To it each request and
 * each datagram is a turn of the event loop, but the kernel mostly answers within the send: what can be done at once goes
 * through the socket's descriptor, and the package waits for what cannot.
 */

import { type ErrnoException, RawNetlinkSocket } from 'netlink/dist/raw.js';
import { Errno, TransportError } from '../../errors.js';
import { descriptorOf } from './node-descriptor.js';
import { ReceiveQueue } from './receive-queue.js';
import { type Datagram, monotonic, type NetlinkSocket, Protocol } from './socket.js';

const files = process.getBuiltinModule('node:fs');

/**
 * Room for a datagram, in bytes. The kernel makes the parts of a dump as large as what was read with before, but smaller
 * than 32 KiB; an answer echoes at most one request. A link's message of rtnetlink may be as large as its virtual functions
 * are many. So a datagram that fills all the room was cut off.
 */
const datagramSize = (protocol: number): number => (protocol === Protocol.route ? 64 : 32) * 1024;

/** What we ask for; the kernel grants up to twice net.core.rmem_max. */
const RECEIVE_BUFFER = 1024 * 1024;

/** A send is at most a batch; see connection.ts. */
const SEND_BUFFER = 256 * 1024;

/** Milliseconds after which signals, timers and all else that the process does have their turn. */
const TURN = 50;

class NodeSocket implements NetlinkSocket {
  readonly port: number;
  readonly receiveBuffer: number;
  readonly firstSequence = Math.floor(Math.random() * 2 ** 32);
  private readonly raw: RawNetlinkSocket;
  /** Undefined where it is not known: then everything goes through the package. */
  private descriptor: number | undefined;
  private readonly buffer: Uint8Array;
  /** What the package has received. */
  private readonly mailbox = new ReceiveQueue();
  /** How many requests the package has taken, and may not have sent. */
  private queued = 0;
  /** When the event loop is due, on the clock of `monotonic`. */
  private turnAt = monotonic() + TURN;
  private closed = false;

  constructor(protocol: number) {
    this.raw = openRaw(protocol);
    this.port = this.raw.address().port;
    this.receiveBuffer = this.raw.getRecvBufferSize();
    this.descriptor = descriptorOf(protocol, this.port);
    this.buffer = new Uint8Array(datagramSize(protocol));
    const { mailbox } = this;
    this.raw.on('message', (bytes, { port }) => mailbox.put({ bytes, sender: port }));
    this.raw.on('truncatedMessage', (bytes, { truncated }) =>
      mailbox.put(cutOff(`a datagram of ${truncated} bytes, room for ${bytes.length}`)),
    );
    this.raw.on('error', (error) => {
      // The package may have closed the socket, so that the descriptor is soon another's.
      this.descriptor = undefined;
      mailbox.put(failure('receive', error));
    });
  }

  send(bytes: Uint8Array): void {
    if (this.closed) throw closedError('send');
    // Behind a request that still has to go, none may go first.
    if (this.queued > 0 || !this.write(bytes)) this.sendLater(bytes);
  }

  receive(timeout: number): Promise<Datagram> | Datagram {
    const next = this.next(timeout);
    if (next instanceof Promise || monotonic() < this.turnAt) return next;
    return new Promise((resolve) => {
      setImmediate(() => {
        this.turnAt = monotonic() + TURN;
        resolve(next);
      });
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.raw.close();
    this.mailbox.close(closedError('receive'));
  }

  /**
   * The package tells a turn of the event loop later whether the kernel has this request. A failure stands in front of the
   * answer that will not come.
   */
  private sendLater(bytes: Uint8Array): void {
    this.queued++;
    // The bytes are the caller's again, and the package may send later.
    try {
      this.raw.send(Buffer.from(bytes), {}, (error) => {
        this.queued--;
        if (error) this.mailbox.put(failure('send', error));
      });
    } catch (error) {
      // After an error of polling it has closed the socket.
      this.queued--;
      throw failure('send', error as ErrnoException);
    }
  }

  /** False where the kernel does not take the request now. */
  private write(bytes: Uint8Array): boolean {
    if (this.descriptor === undefined) return false;
    try {
      files.writeSync(this.descriptor, bytes);
      return true;
    } catch (error) {
      if (isOneOf(error, 'EAGAIN', 'EINTR', 'ENOBUFS')) return false;
      throw failure('send', error);
    }
  }

  /** What the package has received came before what is still to be read. */
  private next(timeout: number): Promise<Datagram> | Datagram {
    const received = this.mailbox.take();
    if (received !== undefined) return received;
    if (this.closed) throw closedError('receive');
    return this.read() ?? this.mailbox.wait(timeout);
  }

  /** What is there to be read, if anything is. */
  private read(): Datagram | undefined {
    if (this.descriptor === undefined) return undefined;
    const { buffer } = this;
    let size: number;
    try {
      size = files.readSync(this.descriptor, buffer);
    } catch (error) {
      if (isOneOf(error, 'EAGAIN', 'EINTR')) return undefined;
      throw failure('receive', error);
    }
    // A read tells neither the size of what it has cut off nor who sent it.
    if (size === buffer.length) throw cutOff(`a datagram of ${size} bytes or more`);
    return { bytes: buffer.subarray(0, size), sender: undefined };
  }
}

function openRaw(protocol: number): RawNetlinkSocket {
  try {
    const raw = new RawNetlinkSocket(protocol, {
      // One system call per datagram instead of two.
      messagePeeking: false,
      msgBufferSize: datagramSize(protocol),
      recvBufferSize: RECEIVE_BUFFER,
      sendBufferSize: SEND_BUFFER,
    });
    return raw;
  } catch (error) {
    throw failure('open', error);
  }
}

const closedError = (operation: string) => new TransportError('closed', operation, 'the socket is closed');

const cutOff = (detail: string) => new TransportError('truncated', 'receive', detail);

const isOneOf = (error: unknown, ...codes: string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException).code ?? '');

function failure(operation: string, error: unknown): TransportError {
  const { message, errno } = error as ErrnoException | NodeJS.ErrnoException;
  // Node tells an errno as a negative number, the package as a positive one.
  const positive = errno && Math.abs(errno);
  const lost = positive === Errno.ENOBUFS && operation === 'receive';
  return new TransportError(lost ? 'overrun' : 'system', operation, message, positive);
}

/**
 * Opens a netlink socket of a protocol (linux/netlink.h) in the process's network namespace.
 * @throws TransportError
 */
export const openNodeSocket = (protocol: number): NetlinkSocket => new NodeSocket(protocol);
