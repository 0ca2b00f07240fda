/**
 * System calls in the standalone executable, through the C library and Bun's foreign function interface. All go through
 * one function, syscall(2): Bun compiles a wrapper for each function that is declared, each time the program starts.
 */
import { dlopen, ptr, read } from 'bun:ffi';
import { HostError } from '../errors.js';

/**
 * The C library that the process has already: for glibc by its name, and musl takes any name that begins `libc.` for itself. No
 * other name is tried: Bun looks for unknown names in the working directory too.
 */
const library = 'libc.so.6';

/** Numbers of the calls, by process.arch: asm/unistd.h. */
const numbers: Readonly<Record<string, Readonly<Record<Call, number>>>> = {
  x64: {
    ...{
      read: 0,
      write: 1,
      close: 3,
      openat: 257,
      mkdirat: 258,
      unlinkat: 263,
      symlinkat: 266,
      renameat2: 316,
      readlinkat: 267,
    },
    ...{ flock: 73, fsync: 74, ftruncate: 77, fchmod: 91, fchown: 93, getdents64: 217, statx: 332 },
    ...{ setns: 308, execveat: 322 },
    ...{ socket: 41, bind: 49, getsockname: 51, setsockopt: 54, getsockopt: 55, sendto: 44, recvfrom: 45 },
  },
  arm64: {
    ...{
      read: 63,
      write: 64,
      close: 57,
      openat: 56,
      mkdirat: 34,
      unlinkat: 35,
      symlinkat: 36,
      renameat2: 276,
      readlinkat: 78,
    },
    ...{ flock: 32, fsync: 82, ftruncate: 46, fchmod: 52, fchown: 55, getdents64: 61, statx: 291 },
    ...{ setns: 268, execveat: 281 },
    ...{
      socket: 198,
      bind: 200,
      getsockname: 204,
      setsockopt: 208,
      getsockopt: 209,
      sendto: 206,
      recvfrom: 207,
    },
  },
};

export type Call =
  | 'read'
  | 'write'
  | 'close'
  | 'openat'
  | 'mkdirat'
  | 'unlinkat'
  | 'symlinkat'
  | 'renameat2'
  | 'readlinkat'
  | 'flock'
  | 'fsync'
  | 'ftruncate'
  | 'fchmod'
  | 'fchown'
  | 'getdents64'
  | 'statx'
  | 'setns'
  | 'execveat'
  | 'socket'
  | 'bind'
  | 'getsockname'
  | 'setsockopt'
  | 'getsockopt'
  | 'sendto'
  | 'recvfrom';

/** The arguments of a call after the first, which is always a number: numbers from 0 on, and memory. */
export type Argument = number | NodeJS.TypedArray;

const functions = {
  syscall: { args: ['i64', 'i64', 'ptr', 'ptr', 'ptr', 'ptr', 'ptr'], returns: 'i64_fast' },
  __errno_location: { args: [], returns: 'ptr' },
} as const;

export interface Libc {
  /** The kernel's result, or -1: then `errno` has the reason. The kernel uses the memory during the call only. */
  call(
    name: Call,
    first: number,
    b?: Argument,
    c?: Argument,
    d?: Argument,
    e?: Argument,
    f?: Argument,
  ): number;
  /** Errno of the last failed call. Read it before the next call. */
  errno(): number;
}

/** The address of memory, for pointers in it. */
export const addressOf = (memory: Uint8Array): bigint => BigInt(ptr(memory));

let loaded: Libc | undefined;

/** @throws HostError if the system forbids code that is generated at run time (memory that is written, then executed) */
export function libc(): Libc {
  loaded ??= load();
  return loaded;
}

function load(): Libc {
  const calls = numbers[process.arch];
  if (calls === undefined)
    throw new HostError('call the kernel', `the numbers of its calls on ${process.arch} are not known`);
  const { syscall, __errno_location } = openLibrary();
  return {
    call: (name, first, b = 0, c = 0, d = 0, e = 0, f = 0) => syscall(calls[name], first, b, c, d, e, f),
    errno: () => read.i32(__errno_location(), 0),
  };
}

function openLibrary() {
  try {
    return dlopen(library, functions).symbols;
  } catch (error) {
    throw new HostError('call the C library', (error as Error).message, { cause: error });
  }
}
