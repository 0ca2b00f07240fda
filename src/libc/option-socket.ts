/** Options of a socket of IPv4, in the standalone executable. */
import { type Libc, libc } from './libc.js';

/** Linux constants, the same on every architecture that Bun runs on. */
const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const IPPROTO_IP = 0;

const NONE = -1;

class OptionSocket {
  private readonly length = new Uint32Array(1);

  constructor(
    private readonly c: Libc,
    private descriptor: number,
  ) {}

  /** Fills in the value of an option. False if the kernel refuses, or there is no socket. */
  read(option: number, value: Uint8Array): boolean {
    const { c, descriptor, length } = this;
    if (descriptor === NONE) return false;
    length[0] = value.length;
    return c.call('getsockopt', descriptor, IPPROTO_IP, option, value, length) === 0;
  }

  close(): void {
    if (this.descriptor !== NONE) this.c.call('close', this.descriptor);
    this.descriptor = NONE;
  }
}

/** An IPv4 socket in the process's network namespace, for getsockopt(2). */
export function openOptionSocket(): OptionSocket {
  const c = libc();
  return new OptionSocket(c, c.call('socket', AF_INET, SOCK_DGRAM_CLOEXEC));
}
