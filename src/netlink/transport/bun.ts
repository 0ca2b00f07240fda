/** Netlink in the standalone executable: system calls through the C library. */

import { Errno, errnoName, errnoText, TransportError } from '../../errors.js';
import { type Libc, libc } from '../../libc/libc.js';
import { bufferSizes, type Datagram, largestSend, type NetlinkSocket, socketFailure } from './socket.js';

/** Linux constants, the same on every architecture that Bun runs on. */
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_RCVTIMEO = 20;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const MSG_TRUNC = 0x20;

/**
 * The kernel fills each part of a dump up to what was read with before, 32 KiB at most. A message of rtnetlink may be
 * longer.
 */
const DATAGRAM = 64 * 1024;

/** struct sockaddr_nl in words of 32 bits: family (Bun's machines are little-endian), port id, groups. */
const PORT = 1;
const SOCKADDR = 12;

class BunSocket implements NetlinkSocket {
  readonly port: number;
  readonly receiveBuffer: number;
  readonly largestSend: number;
  private readonly c = openLibc();
  private readonly descriptor: number;
  private readonly buffer = new Uint8Array(DATAGRAM);
  private readonly sender = new Uint32Array(SOCKADDR / 4);
  private readonly senderLength = new Uint32Array(1);
  /** The value of an option, an int or a struct timeval of two longs. */
  private readonly value = new Int32Array(4);
  private timeout = -1;
  private closed = false;

  constructor(protocol: number) {
    this.descriptor = this.c.call('socket', AF_NETLINK, SOCK_RAW_CLOEXEC, protocol);
    if (this.descriptor < 0) throw this.failure('open', 'socket');
    try {
      this.bufferOption(SO_SNDBUFFORCE, SO_SNDBUF, bufferSizes.send);
      this.bufferOption(SO_RCVBUFFORCE, SO_RCVBUF, bufferSizes.receive);
      // Since 4.3: answers without the request's echo. Since 4.12: the kernel's text for a refusal.
      this.tryOption(SOL_NETLINK, NETLINK_CAP_ACK, 1);
      this.tryOption(SOL_NETLINK, NETLINK_EXT_ACK, 1);
      this.port = this.bind();
      this.receiveBuffer = this.bufferSize(SO_RCVBUF);
      this.largestSend = largestSend(this.bufferSize(SO_SNDBUF));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  send(bytes: Uint8Array): void {
    this.checkOpen('send');
    while (this.c.call('sendto', this.descriptor, bytes, bytes.length) < 0) {
      const errno = this.c.errno();
      if (errno !== Errno.EINTR) throw this.failure('send', 'send', errno);
    }
  }

  receive(timeout: number): Datagram {
    this.checkOpen('receive');
    const deadline = performance.now() + timeout;
    this.setTimeout(timeout);
    const { c, buffer, sender, senderLength } = this;
    while (true) {
      senderLength[0] = SOCKADDR;
      const size = c.call('recvfrom', this.descriptor, buffer, DATAGRAM, MSG_TRUNC, sender, senderLength);
      if (size > DATAGRAM) {
        throw new TransportError('truncated', 'receive', `a datagram of ${size} bytes, room for ${DATAGRAM}`);
      }
      if (size >= 0) return { bytes: buffer.subarray(0, size), sender: sender[PORT] as number };
      const errno = c.errno();
      if (errno === Errno.EAGAIN) {
        throw new TransportError('deadline', 'receive', `no answer from the kernel within ${timeout} ms`);
      }
      if (errno !== Errno.EINTR) throw this.failure('receive', 'recvfrom', errno);
      // A signal neither ends the wait nor prolongs it.
      this.setTimeout(deadline - performance.now());
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.c.call('close', this.descriptor);
  }

  /** Lets the kernel choose the port id, and asks which it chose. */
  private bind(): number {
    const address = Uint32Array.of(AF_NETLINK, 0, 0);
    if (this.c.call('bind', this.descriptor, address, SOCKADDR) < 0) throw this.failure('open', 'bind');
    if (this.c.call('getsockname', this.descriptor, address, Uint32Array.of(SOCKADDR)) < 0) {
      throw this.failure('open', 'getsockname');
    }
    return address[PORT] as number;
  }

  private bufferSize(option: number): number {
    const size = new Int32Array(1);
    if (this.c.call('getsockopt', this.descriptor, SOL_SOCKET, option, size, Uint32Array.of(4)) < 0) {
      throw this.failure('open', 'getsockopt');
    }
    return size[0] as number;
  }

  /** struct timeval: seconds and microseconds, 64 bits each. Zero would be no limit, so the least is a microsecond. */
  private setTimeout(timeout: number): void {
    if (timeout === this.timeout) return;
    const microseconds = Math.max(1, Math.floor(timeout * 1000));
    const { value } = this;
    value[0] = Math.floor(microseconds / 1e6);
    value[2] = microseconds % 1e6;
    if (!this.set(SOL_SOCKET, SO_RCVTIMEO, 16)) throw this.failure('receive', 'setsockopt');
    this.timeout = timeout;
  }

  /** `forced` exceeds net.core.rmem_max or wmem_max, if it is permitted; `name` does not. */
  private bufferOption(forced: number, name: number, size: number): void {
    if (this.tryOption(SOL_SOCKET, forced, size) || this.tryOption(SOL_SOCKET, name, size)) return;
    throw this.failure('open', 'setsockopt');
  }

  private tryOption(level: number, name: number, value: number): boolean {
    this.value[0] = value;
    return this.set(level, name, 4);
  }

  private set(level: number, name: number, size: number): boolean {
    return this.c.call('setsockopt', this.descriptor, level, name, this.value, size) === 0;
  }

  private checkOpen(operation: string): void {
    if (this.closed) throw new TransportError('closed', operation, 'the socket is closed');
  }

  private failure(operation: string, call: string, errno = this.c.errno()): TransportError {
    return socketFailure(operation, `${call}: ${errnoText(errno)} (${errnoName(errno)})`, errno);
  }
}

function openLibc(): Libc {
  try {
    return libc();
  } catch (error) {
    throw new TransportError('system', 'open', (error as Error).message);
  }
}

/**
 * Opens a netlink socket of a protocol (linux/netlink.h) in the process's network namespace.
 * @throws TransportError
 */
export const openBunSocket = (protocol: number): NetlinkSocket => new BunSocket(protocol);
