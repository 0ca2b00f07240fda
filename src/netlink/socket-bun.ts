/** Netlink in the standalone executable: the C library's socket calls through Bun's foreign function interface. */

import { dlopen, read } from 'bun:ffi';
import { Errno, errnoName, errnoText, TransportError } from '../errors.js';
import { Reader, Writer } from './bytes.js';
import type { Datagram, NetlinkSocket } from './socket.js';

const libraries = ['libc.so.6', 'libc.so', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1'];

const functions = {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  bind: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  getsockname: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  send: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i64_fast' },
  recvfrom: { args: ['i32', 'ptr', 'u64', 'i32', 'ptr', 'ptr'], returns: 'i64_fast' },
  close: { args: ['i32'], returns: 'i32' },
  __errno_location: { args: [], returns: 'ptr' },
} as const;

/** Linux constants, the same on every architecture that Bun runs on. */
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_RCVTIMEO = 20;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const MSG_TRUNC = 0x20;
const EAGAIN = 11;

/** Bytes of struct sockaddr_nl: family, padding, port id, groups. */
const SOCKADDR = 12;
/** The largest datagram the kernel sends in a dump is 32 KiB; answers are small. */
const DATAGRAM = 64 * 1024;
const RECEIVE_BUFFER = 1024 * 1024;
const SEND_BUFFER = 256 * 1024;

type Libc = ReturnType<typeof dlopen<typeof functions>>['symbols'];

let loaded: Libc | undefined;

function libc(): Libc {
  if (loaded) return loaded;
  const failures: string[] = [];
  for (const library of libraries) {
    try {
      loaded = dlopen(library, functions).symbols;
      return loaded;
    } catch (error) {
      failures.push(`${library}: ${(error as Error).message}`);
    }
  }
  throw new TransportError('system', 'open', `no C library (${failures.join('; ')})`);
}

const int = (value: number): Uint8Array => {
  const writer = new Writer(4);
  writer.i32(value);
  return writer.written();
};

class BunSocket implements NetlinkSocket {
  readonly port: number;
  readonly receiveBuffer: number;
  private readonly c = libc();
  private readonly descriptor: number;
  private readonly buffer = new Uint8Array(DATAGRAM);
  private readonly sender = new Uint8Array(SOCKADDR);
  private readonly senderLength = int(SOCKADDR);
  private timeout = -1;
  private closed = false;

  constructor(protocol: number) {
    this.descriptor = this.c.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol);
    if (this.descriptor < 0) throw this.failure('open', 'socket');
    try {
      this.option(SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
      // Beyond net.core.rmem_max where we may, up to it where we may not.
      if (!this.tryOption(SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)) {
        this.option(SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
      }
      // Since 4.3 and 4.12: answers without the request's echo, and the kernel's own words with them.
      this.tryOption(SOL_NETLINK, NETLINK_CAP_ACK, 1);
      this.tryOption(SOL_NETLINK, NETLINK_EXT_ACK, 1);
      this.port = this.bind();
      this.receiveBuffer = this.receiveBufferSize();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  send(bytes: Uint8Array): void {
    this.checkOpen('send');
    while (this.c.send(this.descriptor, bytes, bytes.length, 0) < 0) {
      if (this.errno() !== Errno.EINTR) throw this.failure('send', 'send');
    }
  }

  receive(timeout: number): Datagram {
    this.checkOpen('receive');
    const deadline = performance.now() + timeout;
    this.setTimeout(timeout);
    while (true) {
      this.senderLength.set(int(SOCKADDR));
      const { descriptor, buffer, sender, senderLength } = this;
      const size = this.c.recvfrom(descriptor, buffer, buffer.length, MSG_TRUNC, sender, senderLength);
      if (size > buffer.length) {
        throw new TransportError(
          'truncated',
          'receive',
          `a datagram of ${size} bytes, room for ${buffer.length}`,
        );
      }
      if (size >= 0) return { bytes: buffer.subarray(0, size), sender: new Reader(sender).u32(4) };
      const errno = this.errno();
      if (errno === EAGAIN) {
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
    this.c.close(this.descriptor);
  }

  /** Lets the kernel choose the port id, and asks which it chose. */
  private bind(): number {
    const address = new Writer(SOCKADDR);
    address.u16(AF_NETLINK);
    address.zeros(SOCKADDR - 2);
    const bytes = address.written();
    if (this.c.bind(this.descriptor, bytes, SOCKADDR) < 0) throw this.failure('open', 'bind');
    if (this.c.getsockname(this.descriptor, bytes, int(SOCKADDR)) < 0)
      throw this.failure('open', 'getsockname');
    return new Reader(bytes).u32(4);
  }

  private receiveBufferSize(): number {
    const size = int(0);
    if (this.c.getsockopt(this.descriptor, SOL_SOCKET, SO_RCVBUF, size, int(4)) < 0) {
      throw this.failure('open', 'getsockopt');
    }
    return new Reader(size).i32(0);
  }

  /** struct timeval: seconds and microseconds, 64 bits each. Zero would be no limit, so the least is a microsecond. */
  private setTimeout(timeout: number): void {
    if (timeout === this.timeout) return;
    const microseconds = Math.max(1, Math.floor(timeout * 1000));
    const value = new Writer(16);
    value.u64(BigInt(Math.floor(microseconds / 1e6)));
    value.u64(BigInt(microseconds % 1e6));
    if (this.c.setsockopt(this.descriptor, SOL_SOCKET, SO_RCVTIMEO, value.written(), 16) < 0) {
      throw this.failure('receive', 'setsockopt');
    }
    this.timeout = timeout;
  }

  private option(level: number, name: number, value: number): void {
    if (!this.tryOption(level, name, value)) throw this.failure('open', 'setsockopt');
  }

  private tryOption(level: number, name: number, value: number): boolean {
    return this.c.setsockopt(this.descriptor, level, name, int(value), 4) === 0;
  }

  private checkOpen(operation: string): void {
    if (this.closed) throw new TransportError('closed', operation, 'the socket is closed');
  }

  /** To be read before anything else is called. */
  private errno(): number {
    return read.i32(this.c.__errno_location(), 0);
  }

  private failure(operation: string, call: string, errno = this.errno()): TransportError {
    const lost = operation === 'receive' && errno === Errno.ENOBUFS;
    const detail = `${call}: ${errnoText(errno)} (${errnoName(errno)})`;
    return new TransportError(lost ? 'overrun' : 'system', operation, detail, errno);
  }
}

/**
 * Opens a netlink socket of a protocol (linux/netlink.h) in the process's network namespace.
 * @throws TransportError
 */
export const openBunSocket = (protocol: number): NetlinkSocket => new BunSocket(protocol);
