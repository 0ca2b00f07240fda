/** The functions of node:fs in the standalone executable: Bun's own module takes a third of a short run to load. */
import { Errno, errnoName, errnoText } from '../errors.js';
import { type Argument, addressOf, type Call, libc } from './libc.js';

export const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;

/** Flags of open(2), by the names that node:fs gives them. */
export const constants = {
  ...{
    O_RDONLY: 0,
    O_WRONLY: 1,
    O_RDWR: 2,
    O_CREAT: 0o100,
    O_EXCL: 0o200,
    O_NOCTTY: 0o400,
    O_NONBLOCK: 0o4000,
  },
  ...(process.arch === 'arm64'
    ? { O_DIRECTORY: 0o40000, O_NOFOLLOW: 0o100000 }
    : { O_DIRECTORY: 0o200000, O_NOFOLLOW: 0o400000 }),
};

/** @param flags `r`, or the sum of `constants` */
export function openSync(path: string, flags: 'r' | number = 'r', mode = 0o666): number {
  const words = flags === 'r' ? constants.O_RDONLY : flags;
  return call(`open '${path}'`, 'openat', AT_FDCWD, terminated(path), words | O_CLOEXEC, mode);
}

export const closeSync = (descriptor: number): void => void libc().call('close', descriptor);

/** @returns number of bytes read; 0 at the end */
export const readSync = (descriptor: number, buffer: Uint8Array): number =>
  call('read', 'read', descriptor, buffer, buffer.length);

/** @returns number of bytes written */
export const writeSync = (descriptor: number, bytes: Uint8Array): number =>
  call('write', 'write', descriptor, bytes, bytes.length);

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** Writes to a socket, unless that would block. @returns number of bytes written */
export const sendSync = (descriptor: number, bytes: Uint8Array): number =>
  call('write', 'sendto', descriptor, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);

/** @param from a path, or a descriptor, which stays open */
export function readFileSync(from: string | number): string {
  if (typeof from === 'number') return readAll(from);
  const descriptor = openSync(from);
  try {
    return readAll(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readAll(descriptor: number): string {
  let buffer = new Uint8Array(4096);
  let length = 0;
  while (true) {
    const size = readSync(descriptor, buffer.subarray(length));
    if (size === 0) return new TextDecoder().decode(buffer.subarray(0, length));
    length += size;
    if (length === buffer.length) buffer = grown(buffer);
  }
}

export const fsyncSync = (descriptor: number): void => void call('fsync', 'fsync', descriptor);

export const ftruncateSync = (descriptor: number, length: number): void =>
  void call('ftruncate', 'ftruncate', descriptor, length);

export const fchownSync = (descriptor: number, uid: number, gid: number): void =>
  void call('fchown', 'fchown', descriptor, uid, gid);

export const fchmodSync = (descriptor: number, mode: number): void =>
  void call('fchmod', 'fchmod', descriptor, mode);

export function renameSync(from: string, to: string): void {
  const what = `rename '${from}' -> '${to}'`;
  call(what, 'renameat2', AT_FDCWD, terminated(from), AT_FDCWD, terminated(to), 0);
}

const LOCK_EX_NB = 2 | 4;

/** Milliseconds between two attempts: a call that waits would keep signals from being handled. */
const LOCK_POLL = 20;

/**
 * Locks an open file for this process, as flock(2) does; closing the descriptor unlocks it.
 * @param patience milliseconds to wait for another process to unlock it
 * @returns whether it is locked
 */
export async function flock(descriptor: number, patience: number): Promise<boolean> {
  const deadline = performance.now() + patience;
  while (true) {
    const result = attempt('flock', descriptor, LOCK_EX_NB);
    if (result >= 0) return true;
    if (result !== -Errno.EAGAIN) throw failure('flock', 'flock', -result);
    if (performance.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL));
  }
}

const AT_SYMLINK_NOFOLLOW = 0x100;
/** Type, mode, owner, group, inode and time of the last change (linux/stat.h). */
const STATX_WANTED = 1 | 2 | 8 | 0x10 | 0x40 | 0x100;

/** Mode and owner of a file, or of a symbolic link itself: struct statx of linux/stat.h. */
export const lstatSync = (path: string): FileStatus => statusOf(path, 'lstat', AT_SYMLINK_NOFOLLOW);

/** Mode and owner of a file, or of that which a symbolic link leads to. */
export const statSync = (path: string): FileStatus => statusOf(path, 'stat', 0);

interface FileStatus {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly ino: number;
  readonly mtimeMs: number;
}

function statusOf(path: string, name: string, flags: number): FileStatus {
  const stat = new Uint8Array(256);
  call(`${name} '${path}'`, 'statx', AT_FDCWD, terminated(path), flags, STATX_WANTED, stat);
  const view = new DataView(stat.buffer);
  return {
    uid: view.getUint32(20, true),
    gid: view.getUint32(24, true),
    mode: view.getUint16(28, true),
    ino: Number(view.getBigUint64(32, true)),
    mtimeMs: Number(view.getBigInt64(112, true)) * 1000 + view.getUint32(120, true) / 1e6,
  };
}

/** Names in a directory, in the kernel's order: struct linux_dirent64. */
export function readdirSync(path: string): string[] {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  const entries = new Uint8Array(32 * 1024);
  const view = new DataView(entries.buffer);
  const names: string[] = [];
  try {
    for (let size = -1; size !== 0; ) {
      size = call(`scandir '${path}'`, 'getdents64', descriptor, entries, entries.length);
      for (let at = 0; at < size; at += view.getUint16(at + 16, true)) {
        const name = entries.subarray(at + 19, entries.indexOf(0, at + 19));
        names.push(new TextDecoder().decode(name));
      }
    }
  } finally {
    closeSync(descriptor);
  }
  return names.filter((name) => name !== '.' && name !== '..');
}

export function mkdirSync(path: string, { mode }: { mode: number }): void {
  call(`mkdir '${path}'`, 'mkdirat', AT_FDCWD, terminated(path), mode);
}

export function unlinkSync(path: string): void {
  call(`unlink '${path}'`, 'unlinkat', AT_FDCWD, terminated(path), 0);
}

const AT_REMOVEDIR = 0x200;

export function rmdirSync(path: string): void {
  call(`rmdir '${path}'`, 'unlinkat', AT_FDCWD, terminated(path), AT_REMOVEDIR);
}

export function symlinkSync(target: string, path: string): void {
  // One piece of memory, which the call that has the path keeps alive: the target goes as a number.
  const words = terminated(`${target}\0${path}`);
  const [to, link] = [Number(addressOf(words)), words.subarray(words.indexOf(0) + 1)];
  call(`symlink '${target}' -> '${path}'`, 'symlinkat', to, AT_FDCWD, link);
}

export function readlinkSync(path: string): string {
  const target = new Uint8Array(4096);
  const length = call(`readlink '${path}'`, 'readlinkat', AT_FDCWD, terminated(path), target, target.length);
  return new TextDecoder().decode(target.subarray(0, length));
}

const utf8 = new TextEncoder();

export const terminated = (path: string): Uint8Array => utf8.encode(`${path}\0`);

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
export function attempt(name: Call, ...words: Words): number {
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
