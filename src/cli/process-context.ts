/** The context of a real process: its streams, its files, its kernel. */
import { ClosedPipe, type Context, type Output } from '../context.js';
import { errnoText, HostError } from '../errors.js';
import type { IpvsClient } from '../ipvs/client.js';
import type { OptionSocket } from '../ipvs/source/sockopt.js';
import type { Trace } from '../netlink/connection.js';
import type { OpenSocket } from '../netlink/transport/socket.js';
import type { Files } from '../system/state-dir.js';
import type { Face } from './grammar.js';

export interface ProcessContext extends Context {
  /** Writes what could not be written at once, and releases what the commands opened. */
  close(): Promise<void>;
}

/** What the distributions differ in. */
export interface Runtime {
  /** Path of the program, as it was called. */
  readonly program: string;
  /** The words after it. */
  readonly argv: readonly string[];
  readonly openSocket: OpenSocket;
  readonly openOptions?: () => OptionSocket;
  readonly files: Descriptors & Files;
}

/** What of node:fs it takes to read files in pieces and to write to descriptors. */
export interface Descriptors {
  openSync(path: string, flags: 'r'): number;
  /** @returns 0 at the end */
  readSync(descriptor: number, buffer: Uint8Array): number;
  writeSync(descriptor: number, bytes: Uint8Array): number;
  closeSync(descriptor: number): void;
}

/** Lets `face` answer the process's command line, and ends the process with its status. */
export async function runProcess(face: Face, runtime: Runtime): Promise<void> {
  const context = processContext(runtime);
  const status = await face(runtime.argv, context);
  await context.close();
  // All is written. Left to itself the runtime would look for what is still to do, and free its memory bit by bit.
  process.exit(status);
}

export function processContext(runtime: Runtime): ProcessContext {
  const { program, openSocket, files } = runtime;
  const out = new DescriptorOutput(1, files);
  const err = new DescriptorOutput(2, files);
  let client: Promise<IpvsClient> | undefined;
  return {
    program,
    out,
    err,
    env: process.env,
    stdin: stdin(files),
    readFile: (path) => readFile(path, files),
    files,
    openSocket,
    stopRequest,
    now: () => performance.now(),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    client() {
      client ??= openClient(runtime, process.env, err);
      return client;
    },
    async close() {
      if (client !== undefined) (await client.catch(() => undefined))?.close();
      if (out.later ?? err.later) await Promise.allSettled([out.later, err.later]);
    },
  };
}

/** Bytes to read at once, and to hand on together: files of /proc are made while they are read, 4 KiB and less at a time. */
const BUFFER = 256 * 1024;
const ENOUGH = 64 * 1024;

async function* readFile(
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
      } while (size > 0 && filled < ENOUGH);
      if (filled > 0) yield buffer.subarray(0, filled);
    }
  } finally {
    closeSync(descriptor);
  }
}

function stopRequest(): AbortSignal {
  const stop = new AbortController();
  // Once each: the second time a signal does what it always does.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

/**
 * Standard input, without Node's streams: their set-up would be a noticeable part of a short run. What others have made
 * non-blocking is left to the stream, which knows how to wait.
 */
async function* stdin({ readSync }: Descriptors): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (let size = readSync(0, buffer); size > 0; size = readSync(0, buffer)) yield buffer.subarray(0, size);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    yield* process.stdin as AsyncIterable<Uint8Array>;
  }
}

async function openClient(
  { openSocket, openOptions }: Runtime,
  env: Readonly<Record<string, string | undefined>>,
  err: Output,
): Promise<IpvsClient> {
  const { IpvsClient } = await import('../ipvs/client.js');
  return IpvsClient.open(openSocket, {
    trace: env['LVSADM_DEBUG']?.split(',').includes('netlink') ? await netlinkTrace(err) : undefined,
    openOptions: env['LVSADM_SOCKOPT'] === 'off' ? undefined : openOptions,
    loadModule: async () => (await import('../system/modules.js')).loadModule('ip_vs'),
  });
}

async function netlinkTrace(err: Output): Promise<Trace> {
  const [{ createTrace }, { ipvsSchema }] = await Promise.all([
    import('../netlink/trace.js'),
    import('../ipvs/schema.js'),
  ]);
  return createTrace((text) => void err.write(text), [ipvsSchema]);
}

/**
 * Writes to a file descriptor without Node's stream machinery, whose set-up is a noticeable part of a short run. A
 * descriptor that would block falls back to the stream, which knows how to wait.
 */
class DescriptorOutput implements Output {
  /** The end of what could not be written at once. */
  later: Promise<void> | undefined;

  constructor(
    private readonly descriptor: 1 | 2,
    private readonly files: Descriptors,
  ) {}

  get isTTY(): boolean {
    // Asked for seldom, and loads Node's sockets.
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
      throw translate(error);
    }
  }

  private get stream(): NodeJS.WriteStream {
    return this.descriptor === 1 ? process.stdout : process.stderr;
  }

  private writeLater(rest: Uint8Array): Promise<void> {
    this.later = new Promise((resolve, reject) => {
      // The stream emits what it has told already: for good, or that would be a fault of the program.
      if (this.stream.listenerCount('error') === 0) this.stream.on('error', () => {});
      this.stream.write(rest, (error) => (error ? reject(translate(error)) : resolve()));
    });
    return this.later;
  }
}

const utf8 = new TextEncoder();

function translate(error: unknown): unknown {
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === 'EPIPE') return new ClosedPipe('nobody reads the output');
  if (errno === undefined) return error;
  return new HostError('write the output', errnoText(-errno), { cause: error });
}
