/** Netlink on Node.js: RawNetlinkSocket of the `netlink` package, and nothing else of that package. */

import { type ErrnoException, RawNetlinkSocket } from 'netlink/dist/raw.js';
import { Errno, TransportError } from '../errors.js';
import { monotonic } from './clock.js';
import { type Datagram, type NetlinkSocket, Protocol } from './socket.js';

/**
 * Room for a datagram, in bytes: the package makes and clears a buffer of this size for each attempt to read. The kernel
 * makes the parts of a dump no larger than what was read with before, but at least a page or 8 KiB; an answer echoes at
 * most one request. A link's message of rtnetlink may be as large as its virtual functions are many.
 */
const datagramSize = (protocol: number): number => (protocol === Protocol.route ? 64 : 16) * 1024;

/** What we ask for; the kernel grants up to twice net.core.rmem_max. */
const RECEIVE_BUFFER = 1024 * 1024;

/** A send is at most a batch; see connection.ts. */
const SEND_BUFFER = 256 * 1024;

interface Waiter {
  /** On the clock of `monotonic`. */
  readonly deadline: number;
  readonly timeout: number;
  resolve(datagram: Datagram): void;
  reject(error: TransportError): void;
}

class NodeSocket implements NetlinkSocket {
  readonly port: number;
  readonly receiveBuffer: number;
  private readonly raw: RawNetlinkSocket;
  /** What arrived before anybody asked: datagrams and failures, in order. */
  private readonly arrived: (Datagram | TransportError)[] = [];
  private waiter: Waiter | undefined;
  private alarm: NodeJS.Timeout | undefined;
  /** When the alarm goes off, on the clock of `monotonic`. */
  private alarmAt = Number.POSITIVE_INFINITY;
  private closed = false;

  constructor(protocol: number) {
    this.raw = openRaw(protocol);
    this.port = this.raw.address().port;
    this.receiveBuffer = this.raw.getRecvBufferSize();
    this.raw.on('message', (bytes, { port }) => this.deliver({ bytes, sender: port }));
    this.raw.on('truncatedMessage', (bytes, { truncated }) =>
      this.deliver(
        new TransportError(
          'truncated',
          'receive',
          `a datagram of ${truncated} bytes, room for ${bytes.length}`,
        ),
      ),
    );
    this.raw.on('error', (error) => this.deliver(failure('receive', error)));
  }

  /**
   * Does not wait: the package tells a turn of the event loop later that the kernel, which takes requests at once, has
   * this one. A failure stands in front of the answer that will not come.
   */
  send(bytes: Uint8Array): void {
    if (this.closed) throw closedError('send');
    // The bytes are the caller's again, and the package may send later.
    this.raw.send(Buffer.from(bytes), {}, (error) => {
      if (error) this.deliver(failure('send', error));
    });
  }

  receive(timeout: number): Promise<Datagram> {
    const first = this.arrived.shift();
    if (first instanceof TransportError) return Promise.reject(first);
    if (first !== undefined) return Promise.resolve(first);
    if (this.closed) return Promise.reject(closedError('receive'));
    return new Promise((resolve, reject) => {
      const deadline = monotonic() + timeout;
      this.waiter = { deadline, timeout, resolve, reject };
      if (deadline < this.alarmAt) this.setAlarm(deadline, timeout);
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.alarm);
    this.raw.close();
    this.deliver(closedError('receive'));
  }

  /**
   * One timer for all that is waited for, which mostly finds that the answer is long there: to set one for each datagram,
   * and stop it, is a good part of what a dump of ten servers costs.
   */
  private setAlarm(at: number, inMilliseconds: number): void {
    clearTimeout(this.alarm);
    this.alarmAt = at;
    this.alarm = setTimeout(() => this.ring(), inMilliseconds);
    // The socket keeps the process alive, as long as it is open.
    this.alarm.unref();
  }

  private ring(): void {
    this.alarmAt = Number.POSITIVE_INFINITY;
    const { waiter } = this;
    if (waiter === undefined) return;
    const left = waiter.deadline - monotonic();
    if (left > 0) this.setAlarm(waiter.deadline, Math.ceil(left));
    else {
      this.waiter = undefined;
      const detail = `no answer from the kernel within ${waiter.timeout} ms`;
      waiter.reject(new TransportError('deadline', 'receive', detail));
    }
  }

  private deliver(item: Datagram | TransportError): void {
    const { waiter } = this;
    this.waiter = undefined;
    if (waiter === undefined) this.arrived.push(item);
    else if (item instanceof TransportError) waiter.reject(item);
    else waiter.resolve(item);
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
    throw failure('open', error as ErrnoException);
  }
}

const closedError = (operation: string) => new TransportError('closed', operation, 'the socket is closed');

function failure(operation: string, error: ErrnoException): TransportError {
  const lost = error.errno === Errno.ENOBUFS && operation === 'receive';
  return new TransportError(lost ? 'overrun' : 'system', operation, error.message, error.errno);
}

/**
 * Opens a netlink socket of a protocol (linux/netlink.h) in the process's network namespace.
 * @throws TransportError
 */
export const openNodeSocket = (protocol: number): NetlinkSocket => new NodeSocket(protocol);
