/** The process as commands see it: streams, files, clock and kernel. Tests hand in their own. */

import type { IpvsClient } from './ipvs/client.js';
import type { OpenSocket } from './netlink/transport/socket.js';
import type { Files } from './system/state-dir.js';

/** A stream of text that the user or a pipe reads, as text or as the bytes of it. */
export interface Output {
  /** A terminal, as opposed to a pipe or a file. */
  readonly isTTY: boolean;
  /** Width of the terminal in columns; undefined in a pipe. */
  readonly columns?: number | undefined;
  /**
   * Writes text, or the bytes of UTF-8, which are the caller's again when the promise has resolved. Wait for it before
   * writing more than fits in memory.
   * @throws ClosedPipe when nobody reads any more.
   */
  write(text: string | Uint8Array): Promise<void> | void;
}

/** The reader of our output has gone (`| head`): not an error to report, only the end. */
export class ClosedPipe extends Error {
  override name = 'ClosedPipe';
}

/** An error that ends the program with a status other than its own kind's. */
export class WithStatus extends Error {
  override name = 'WithStatus';
  constructor(
    readonly status: number,
    override readonly cause: unknown,
  ) {
    super(`exit status ${status}`);
  }
}

/** The name that a program was called by: the last part of its path, without the `.js` of Node's scripts. */
export function calledName(program: string): string {
  const name = program.slice(program.lastIndexOf('/') + 1);
  return name.endsWith('.js') && name !== '.js' ? name.slice(0, -3) : name;
}

export interface Context {
  /** Path of the program that runs, as it was called. */
  readonly program: string;
  readonly out: Output;
  readonly err: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard input, in chunks as they come. */
  readonly stdin: AsyncIterable<Uint8Array>;
  /** A file as a stream of chunks, each valid until the next is asked for; rejects as node:fs does. */
  readFile(path: string): AsyncIterable<Uint8Array>;
  /** The process's own files. */
  readonly files: Files;
  /** IPVS in the kernel: opened at the first call, the same for every later one. */
  client(): Promise<IpvsClient>;
  /** Opens a netlink socket of the kernel's, for what lies around IPVS. */
  readonly openSocket: OpenSocket;
  /**
   * Aborted when somebody wants the process to end (SIGINT, SIGTERM): whoever asks for this ends in his own time, unless it is
   * wanted a second time. Not there where nobody can want it.
   */
  stopRequest?(): AbortSignal;
  /** Milliseconds since an arbitrary moment, never going back. */
  now(): number;
  /** Resolves after so many milliseconds. */
  sleep(milliseconds: number): Promise<void>;
}
