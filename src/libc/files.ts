/** The functions of node:fs in the standalone executable: Bun's own module takes a third of a short run to load. */
import { Errno, errnoName, errnoText } from '../errors.js';
import { type Argument, type Call, libc } from './libc.js';

const AT_FDCWD = -100;
const O_RDONLY = 0;
const O_WRONLY_CREAT_TRUNC = 0o1101;
const O_CLOEXEC = 0o2000000;

export const openSync = (path: string): number => open(path, O_RDONLY, 0);

export const closeSync = (descriptor: number): void => void libc().call('close', descriptor);

/** @returns number of bytes read; 0 at the end */
export const readSync = (descriptor: number, buffer: Uint8Array): number =>
  call('read', 'read', descriptor, buffer, buffer.length);

/** @returns number of bytes written */
export const writeSync = (descriptor: number, bytes: Uint8Array): number =>
  call('write', 'write', descriptor, bytes, bytes.length);

export function readFileSync(path: string): string {
  const descriptor = openSync(path);
  try {
    let buffer = new Uint8Array(4096);
    let length = 0;
    while (true) {
      const size = readSync(descriptor, buffer.subarray(length));
      if (size === 0) return new TextDecoder().decode(buffer.subarray(0, length));
      length += size;
      if (length === buffer.length) buffer = grown(buffer);
    }
  } finally {
    closeSync(descriptor);
  }
}

export function writeFileSync(path: string, text: string): void {
  const descriptor = open(path, O_WRONLY_CREAT_TRUNC, 0o666);
  try {
    for (let rest: Uint8Array = utf8.encode(text); rest.length > 0; ) {
      rest = rest.subarray(writeSync(descriptor, rest));
    }
  } finally {
    closeSync(descriptor);
  }
}

/** The directory and its parents. */
export function mkdirSync(path: string, { mode }: { mode: number }): void {
  const make = () => attempt('mkdirat', AT_FDCWD, terminated(path), mode);
  const parent = path.slice(0, path.lastIndexOf('/'));
  let result = make();
  if (result === -Errno.ENOENT && parent !== '') {
    mkdirSync(parent, { mode });
    result = make();
  }
  if (result < 0 && result !== -Errno.EEXIST) throw failure(`mkdir '${path}'`, 'mkdirat', -result);
}

export function linkSync(existing: string, path: string): void {
  const what = `link '${existing}' -> '${path}'`;
  call(what, 'linkat', AT_FDCWD, terminated(existing), AT_FDCWD, terminated(path), 0);
}

export function unlinkSync(path: string): void {
  call(`unlink '${path}'`, 'unlinkat', AT_FDCWD, terminated(path), 0);
}

export function readlinkSync(path: string): string {
  const target = new Uint8Array(4096);
  const length = call(`readlink '${path}'`, 'readlinkat', AT_FDCWD, terminated(path), target, target.length);
  return new TextDecoder().decode(target.subarray(0, length));
}

const utf8 = new TextEncoder();

const terminated = (path: string): Uint8Array => utf8.encode(`${path}\0`);

const open = (path: string, flags: number, mode: number): number =>
  call(`open '${path}'`, 'openat', AT_FDCWD, terminated(path), flags | O_CLOEXEC, mode);

function grown(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * buffer.length);
  larger.set(buffer);
  return larger;
}

/** @throws Error with the `code` and the `errno` that node:fs gives it */
function call(what: string, name: Call, ...words: Words): number {
  const result = attempt(name, ...words);
  if (result < 0) throw failure(what, name, -result);
  return result;
}

type Words = readonly [first: number, ...others: Argument[]];

/** @returns the kernel's result, or the negative errno if it refuses */
function attempt(name: Call, ...words: Words): number {
  const { call: kernel, errno: lastErrno } = libc();
  while (true) {
    const result = kernel(name, ...words);
    if (result >= 0) return result;
    const errno = lastErrno();
    if (errno !== Errno.EINTR) return -errno;
  }
}

function failure(what: string, name: Call, errno: number): Error {
  const code = errnoName(errno);
  return Object.assign(new Error(`${code}: ${errnoText(errno)}, ${what}`), {
    ...{ code, errno: -errno, syscall: name },
  });
}
