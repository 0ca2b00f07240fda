/** The context of a real process: its streams, its files, its kernel. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { ClosedPipe, type Context, type Output } from '../context.js';
import type { IpvsClient } from '../ipvs/client.js';
import type { Trace } from '../netlink/connection.js';
import type { OpenSocket } from '../netlink/socket.js';
import type { Face } from './face.js';

export interface ProcessContext extends Context {
  /** Releases what the commands opened. */
  close(): Promise<void>;
}

/** Lets `face` answer the process's command line, and ends the process with its status. */
export async function runProcess(
  face: Face,
  program: string,
  argv: readonly string[],
  openSocket: OpenSocket,
): Promise<void> {
  const context = processContext(program, openSocket);
  process.exitCode = await face(argv, context);
  await context.close();
}

/** `program` and `openSocket` are what the distributions differ in. */
export function processContext(program: string, openSocket: OpenSocket): ProcessContext {
  const err = new DescriptorOutput(2);
  let client: Promise<IpvsClient> | undefined;
  return {
    program,
    out: new DescriptorOutput(1),
    err,
    env: process.env,
    stdin: stdin(),
    readFile,
    openSocket,
    stopRequest,
    now: () => performance.now(),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    client() {
      client ??= openClient(openSocket, process.env, err);
      return client;
    },
    async close() {
      const opened = await client?.catch(() => undefined);
      opened?.close();
    },
  };
}

/** Files of /proc are made while they are read, so a read may give little; one buffer serves all of them. */
async function* readFile(path: string): AsyncGenerator<Uint8Array> {
  const descriptor = openSync(path, 'r');
  try {
    const buffer = new Uint8Array(256 * 1024);
    for (let size = readSync(descriptor, buffer); size > 0; size = readSync(descriptor, buffer)) {
      yield buffer.subarray(0, size);
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
async function* stdin(): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (let size = readSync(0, buffer); size > 0; size = readSync(0, buffer)) yield buffer.subarray(0, size);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    yield* process.stdin as AsyncIterable<Uint8Array>;
  }
}

async function openClient(
  openSocket: OpenSocket,
  env: Readonly<Record<string, string | undefined>>,
  err: Output,
): Promise<IpvsClient> {
  const { IpvsClient } = await import('../ipvs/client.js');
  return IpvsClient.open(openSocket, {
    trace: env['LVSADM_DEBUG']?.split(',').includes('netlink') ? await netlinkTrace(err) : undefined,
    loadModule: async () => (await import('../host/modules.js')).loadModule('ip_vs'),
  });
}

async function netlinkTrace(err: Output): Promise<Trace> {
  const [{ createTrace }, { ipvsSchema }] = await Promise.all([
    import('../netlink/debug.js'),
    import('../ipvs/schema.js'),
  ]);
  return createTrace((text) => void err.write(text), [ipvsSchema]);
}

/**
 * Writes to a file descriptor without Node's stream machinery, whose set-up is a noticeable part of a short run. A
 * descriptor that would block falls back to the stream, which knows how to wait.
 */
class DescriptorOutput implements Output {
  constructor(private readonly descriptor: 1 | 2) {}

  get isTTY(): boolean {
    // Asked for seldom, and loads Node's sockets.
    return process.getBuiltinModule('node:tty').isatty(this.descriptor);
  }

  get columns(): number | undefined {
    return this.isTTY ? this.stream.columns : undefined;
  }

  write(text: string | Uint8Array): Promise<void> | void {
    let rest: Uint8Array = typeof text === 'string' ? Buffer.from(text) : text;
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.descriptor, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return this.writeLater(rest);
      throw translate(error);
    }
  }

  private get stream(): NodeJS.WriteStream {
    return this.descriptor === 1 ? process.stdout : process.stderr;
  }

  private writeLater(rest: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const failed = (error: Error) => reject(translate(error));
      this.stream.once('error', failed);
      this.stream.write(rest, (error) => {
        this.stream.off('error', failed);
        if (error) reject(translate(error));
        else resolve();
      });
    });
  }
}

const translate = (error: unknown): unknown =>
  (error as NodeJS.ErrnoException).code === 'EPIPE' ? new ClosedPipe('nobody reads the output') : error;
