/** Standard output and standard error of the process. */
import { ClosedPipe, type Output } from '../../context.js';
import { errnoText, OutputError } from '../../errors.js';
import { codeOf, type Files, S_IFMT } from '../../system/files/files.js';
import type { Descriptors } from './streams.js';

/** Milliseconds from one attempt to write to a full pipe to the next: longer while nobody reads. */
const SHORTEST = 1;
const LONGEST = 50;

/** Milliseconds without a byte taken, after the process was asked to stop, from which on nobody reads. */
const GRACE = 500;

/** Bytes of standard error that wait for their reader; lines beyond them are lost, and counted. */
const MOST = 65_536;

/** Types of files, in their modes (linux/stat.h). */
const S_IFIFO = 0o010000;
const S_IFSOCK = 0o140000;

/** Writes to a file descriptor without the runtime's streams, whose set-up is a noticeable part of a short run. */
export class DescriptorOutput implements Output {
  /** Pending while the descriptor takes no more. Resolves when everything that was passed has been written. */
  later: Promise<void> | undefined;
  private put = (bytes: Uint8Array): number => this.files.writeSync(this.descriptor, bytes);
  /** The request to stop, once writes do not block. */
  private stop: AbortSignal | undefined;
  /** Milliseconds without a byte taken since the request. */
  private idle = 0;
  /** Bytes that wait, and texts that were dropped. */
  private waiting = 0;
  private lost = 0;

  constructor(
    private readonly descriptor: 1 | 2,
    private readonly files: Descriptors & Pick<Files, 'constants' | 'openSync' | 'statSync'>,
  ) {}

  get isTTY(): boolean {
    // node:tty loads Node's sockets.
    return process.getBuiltinModule('node:tty').isatty(this.descriptor);
  }

  get columns(): number | undefined {
    return this.isTTY ? this.stream.columns : undefined;
  }

  write(text: string | Uint8Array): Promise<void> | void {
    const bytes: Uint8Array = typeof text === 'string' ? utf8.encode(text) : text;
    if (this.later !== undefined) {
      // Those who write to standard error do not wait: a hanging reader must not fill the memory.
      if (this.descriptor === 2 && this.waiting + bytes.length > MOST) {
        this.lost++;
        return this.later;
      }
      return this.after(this.later, bytes);
    }
    const rest = this.writeNow(bytes);
    if (rest.length > 0) return this.after(Promise.resolve(), rest);
  }

  /**
   * From now on no write blocks the process, which handles signals by itself: a reader that stands still would keep it from hearing them.
   * @param stop the request to stop, after which output is dropped that nobody takes for {@link GRACE}
   */
  unblock(stop: AbortSignal): void {
    if (this.stop !== undefined) return;
    this.stop = stop;
    this.put = this.unblocked();
  }

  /**
   * O_NONBLOCK belongs to the open file, which other processes may share: a pipe or a terminal is opened anew for this one. Sockets
   * cannot be; a regular file takes everything.
   */
  private unblocked(): (bytes: Uint8Array) => number {
    const { descriptor, files } = this;
    const path = `/proc/self/fd/${descriptor}`;
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = files.constants;
    try {
      const type = files.statSync(path).mode & S_IFMT;
      if (type === S_IFSOCK) return this.sender();
      if (type !== S_IFIFO && !this.isTTY) return this.put;
      const own = files.openSync(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
      return (bytes) => files.writeSync(own, bytes);
    } catch {
      // A pipe of another user, or no /proc: a stop signal is heard when the reader goes on.
      return this.put;
    }
  }

  private sender(): (bytes: Uint8Array) => number {
    const { descriptor, files } = this;
    const { sendSync } = files;
    if (sendSync !== undefined) return (bytes) => sendSync(descriptor, bytes);
    // Node has no send(2). Its stream sets O_NONBLOCK, and Node takes it away at the end.
    void this.stream;
    return this.put;
  }

  private get stream(): NodeJS.WriteStream {
    return this.descriptor === 1 ? process.stdout : process.stderr;
  }

  /** @returns the bytes that the descriptor does not take now */
  private writeNow(bytes: Uint8Array): Uint8Array {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(this.put(rest));
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return rest;
      // Nobody can be told that standard error cannot be written, and it must not change what is done.
      if (this.descriptor === 1) throw translate(error);
      return rest.subarray(rest.length);
    }
    return rest;
  }

  private after(before: Promise<void>, bytes: Uint8Array): Promise<void> {
    this.waiting += bytes.length;
    const written = before.then(() => this.writeLater(bytes));
    this.later = written;
    const done = () => {
      this.waiting -= bytes.length;
      if (this.later !== written) return;
      this.later = undefined;
      this.tellLost();
    };
    written.then(done, done);
    return written;
  }

  private tellLost(): void {
    const { lost } = this;
    if (lost === 0) return;
    this.lost = 0;
    void this.write(`lvsadm: ${lost} lines were lost, as nobody read standard error\n`);
  }

  private async writeLater(bytes: Uint8Array): Promise<void> {
    let pause = SHORTEST;
    let rest = this.writeNow(bytes);
    while (rest.length > 0 && this.idle < GRACE) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const left = this.writeNow(rest);
      const isTaken = left.length < rest.length;
      this.idle = isTaken || !this.stop?.aborted ? 0 : this.idle + pause;
      pause = isTaken ? SHORTEST : Math.min(2 * pause, LONGEST);
      rest = left;
    }
    if (rest.length === 0) this.idle = 0;
  }
}

const utf8 = new TextEncoder();

function translate(error: unknown): unknown {
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === 'EPIPE') return new ClosedPipe('nobody reads the output');
  if (errno === undefined) return error;
  return new OutputError(errnoText(-errno), { cause: error });
}
