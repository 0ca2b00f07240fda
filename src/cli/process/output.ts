/** Standard output and standard error of the process. */
import { ClosedPipe, type Output } from '../../context.js';
import { errnoText, OutputError } from '../../errors.js';
import type { Descriptors } from './streams.js';

/**
 * Writes to a file descriptor without Node's stream machinery, whose set-up is a noticeable part of a short run. A
 * descriptor that would block falls back to the stream, which knows how to wait.
 */
export class DescriptorOutput implements Output {
  /** Resolves when the stream has written everything that was passed to it. */
  later: Promise<void> | undefined;

  constructor(
    private readonly descriptor: 1 | 2,
    private readonly files: Descriptors,
  ) {}

  get isTTY(): boolean {
    // node:tty loads Node's sockets.
    return process.getBuiltinModule('node:tty').isatty(this.descriptor);
  }

  get columns(): number | undefined {
    return this.isTTY ? this.stream.columns : undefined;
  }

  write(text: string | Uint8Array): Promise<void> | void {
    let rest: Uint8Array = typeof text === 'string' ? utf8.encode(text) : text;
    if (this.later !== undefined) return this.writeLater(rest);
    try {
      while (rest.length > 0) rest = rest.subarray(this.files.writeSync(this.descriptor, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return this.writeLater(rest);
      // Nobody can be told that standard error cannot be written, and it must not change what is done.
      if (this.descriptor === 1) throw translate(error);
    }
  }

  private get stream(): NodeJS.WriteStream {
    return this.descriptor === 1 ? process.stdout : process.stderr;
  }

  private writeLater(rest: Uint8Array): Promise<void> {
    this.later = new Promise((resolve, reject) => {
      // The stream emits the error that its callback got already; without a listener it would end the program.
      if (this.stream.listenerCount('error') === 0) this.stream.on('error', () => {});
      this.stream.write(rest, (error) =>
        error && this.descriptor === 1 ? reject(translate(error)) : resolve(),
      );
    });
    return this.later;
  }
}

const utf8 = new TextEncoder();

function translate(error: unknown): unknown {
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === 'EPIPE') return new ClosedPipe('nobody reads the output');
  if (errno === undefined) return error;
  return new OutputError(errnoText(-errno), { cause: error });
}
