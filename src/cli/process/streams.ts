/** Files and standard input of the process, in chunks, without Node's streams: their set-up is a noticeable part of a short run. */

/** The functions of node:fs that read files in chunks and write to descriptors. */
export interface Descriptors {
  openSync(path: string, flags: 'r'): number;
  /** @returns 0 at the end */
  readSync(descriptor: number, buffer: Uint8Array): number;
  writeSync(descriptor: number, bytes: Uint8Array): number;
  /** Writes to a socket without waiting. Node.js has no such call. */
  sendSync?(descriptor: number, bytes: Uint8Array): number;
  closeSync(descriptor: number): void;
}

/** Size of the buffer, and least size of a chunk, in bytes: a read of a file in /proc returns 4 KiB or less. */
const BUFFER = 256 * 1024;
const CHUNK = 64 * 1024;

/** Each chunk is valid until the next one is read. */
export async function* readFile(
  path: string,
  { openSync, readSync, closeSync }: Descriptors,
): AsyncGenerator<Uint8Array> {
  const descriptor = openSync(path, 'r');
  try {
    const buffer = new Uint8Array(BUFFER);
    for (let size = -1; size !== 0; ) {
      let filled = 0;
      do {
        size = readSync(descriptor, buffer.subarray(filled));
        filled += size;
      } while (size > 0 && filled < CHUNK);
      if (filled > 0) yield buffer.subarray(0, filled);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** A non-blocking descriptor (another process may have made it so) is left to Node's stream, which knows how to wait. */
export async function* readStdin({ readSync }: Descriptors): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(CHUNK);
  try {
    for (let size = readSync(0, buffer); size > 0; size = readSync(0, buffer)) yield buffer.subarray(0, size);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    yield* process.stdin as AsyncIterable<Uint8Array>;
  }
}
