/** The network namespace of the standalone executable. */
import { cannot, Errno, HostError } from '../errors.js';
import { AT_FDCWD, attempt, closeSync, openSync, terminated } from './files.js';
import { addressOf } from './libc.js';

const CLONE_NEWNET = 0x40000000;

/**
 * Replaces this process by a program in the network namespace of a file of nsfs (/run/netns/blue, /proc/1/ns/net).
 *
 * setns(2) moves one thread, and the runtime has started others by now, which read files and look names up: a file below
 * /proc/sys/net that one of them opens is that of its own namespace. execve(2) ends all threads but the one that calls, which has moved.
 * @throws HostError if the namespace cannot be entered, or the program not be run; in the latter case this thread is in the namespace
 */
export function execInNetns(
  path: string,
  [file, ...args]: readonly [file: string, ...args: string[]],
): never {
  const attempted = `enter the network namespace ${path}`;
  const variables = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  let errno: number;
  try {
    const descriptor = openSync(path);
    errno = -attempt('setns', descriptor, CLONE_NEWNET);
    closeSync(descriptor);
    if (errno === Errno.EINVAL) throw new HostError(attempted, 'it is not a network namespace');
    if (errno <= 0) {
      const words = pointersTo([process.argv0, ...args]);
      errno = -attempt('execveat', AT_FDCWD, terminated(file), words, pointersTo(variables), 0);
    }
  } catch (error) {
    throw error instanceof HostError ? error : cannot(attempted, error);
  }
  throw cannot(attempted, { errno: -errno });
}

/** Texts as C has them in argv: addresses, a null, and the texts behind them in the same memory. */
function pointersTo(texts: readonly string[]): Uint8Array {
  const encoded = texts.map(terminated);
  const start = 8 * (encoded.length + 1);
  const memory = new Uint8Array(encoded.reduce((end, text) => end + text.length, start));
  const view = new DataView(memory.buffer);
  const base = addressOf(memory);
  let at = start;
  for (const [index, text] of encoded.entries()) {
    view.setBigUint64(8 * index, base + BigInt(at), true);
    memory.set(text, at);
    at += text.length;
  }
  return memory;
}
