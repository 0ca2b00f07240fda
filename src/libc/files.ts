/** Files in the standalone executable, as node:fs has them: Bun's own takes a third of a short run to load. */
import { Errno, errnoName, errnoText } from '../errors.js';
import { type Call, libc } from './libc.js';

const AT_FDCWD = -100;
const O_RDONLY_CLOEXEC = 0o2000000;

export function openSync(path: string): number {
  const bytes = new TextEncoder().encode(`${path}\0`);
  return call(`open '${path}'`, 'openat', AT_FDCWD, bytes, O_RDONLY_CLOEXEC);
}

export const closeSync = (descriptor: number): void => void libc().call('close', descriptor);

/** @returns how many bytes were read; 0 at the end */
export const readSync = (descriptor: number, buffer: Uint8Array): number =>
  call('read', 'read', descriptor, buffer, buffer.length);

/** @returns how many of the bytes were written */
export const writeSync = (descriptor: number, bytes: Uint8Array): number =>
  call('write', 'write', descriptor, bytes, bytes.length);

/** @throws Error with the `code` and the `errno` that node:fs gives it */
function call(what: string, name: Call, first: number, memory: Uint8Array, last: number): number {
  const { call: kernel, errno: lastErrno } = libc();
  while (true) {
    const result = kernel(name, first, memory, last);
    if (result >= 0) return result;
    const errno = lastErrno();
    if (errno === Errno.EINTR) continue;
    const code = errnoName(errno);
    throw Object.assign(new Error(`${code}: ${errnoText(errno)}, ${what}`), {
      ...{ code, errno: -errno, syscall: name },
    });
  }
}
