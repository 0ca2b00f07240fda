/** The context of a real process: its streams, its files, its kernel. */
import type { Context, Output } from '../../context.js';
import { printableLines } from '../../foreign-text.js';
import type { ClientOptions, IpvsClient } from '../../ipvs/client.js';
import type { OptionSocket } from '../../ipvs/source/sockopt.js';
import type { Trace } from '../../netlink/connection.js';
import type { OpenSocket } from '../../netlink/transport/socket.js';
import type { Files } from '../../system/files/files.js';
import { main } from '../main.js';
import { DescriptorOutput } from './output.js';
import { type Descriptors, readFile, readStdin } from './streams.js';
import { openTerminal } from './terminal.js';

/** What differs between the distributions. */
export interface Runtime {
  /** Path of the program, as it was called. */
  readonly program: string;
  /** What starts the program: its executable, or the runtime and its script. */
  readonly command: readonly [file: string, ...args: string[]];
  /** The words after it. */
  readonly argv: readonly string[];
  /** Replaces this process by a program in the network namespace of a file; without it a second process runs the program. */
  readonly execInNetns?: (path: string, command: readonly [file: string, ...args: string[]]) => never;
  readonly openSocket: OpenSocket;
  readonly openOptions?: () => OptionSocket;
  readonly files: Descriptors & Files;
}

/** Runs the process's command line, and ends the process with its status. */
export async function runProcess(runtime: Runtime): Promise<void> {
  const context = processContext(runtime);
  const status = await main(runtime.argv, context);
  await context.close();
  // All output is written. Without exit() the runtime would wait for open handles and free its memory piece by piece.
  process.exit(status);
}

interface ProcessContext extends Context {
  /** Waits until all output is written, and closes the client. */
  close(): Promise<void>;
}

function processContext(runtime: Runtime): ProcessContext {
  const { program, openSocket, files } = runtime;
  const out = new DescriptorOutput(1, files);
  const err = new DescriptorOutput(2, files);
  let client: Promise<IpvsClient> | undefined;
  const hearStop = (): AbortSignal => {
    const stop = stopRequest();
    for (const output of [out, err]) output.unblock(stop);
    return stop;
  };
  return {
    program,
    out,
    err,
    env: process.env,
    stdin: readStdin(files),
    readFile: (path) => readFile(path, files),
    files,
    openSocket,
    stopRequest: hearStop,
    onInput(call) {
      process.stdin.setEncoding('utf8').on('data', call);
      for (const end of ['end', 'error']) process.stdin.once(end, () => call(undefined));
    },
    onReload: (call) => void process.on('SIGHUP', call),
    openTerminal(modes, report) {
      // A view that has been left waits for nobody, like a process that was asked to stop.
      const left = new AbortController();
      for (const output of [out, err]) output.unblock(AbortSignal.any([stopRequest(), left.signal]));
      return openTerminal(out, modes, report, () => left.abort());
    },
    now: () => performance.now(),
    date: () => new Date(),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    client() {
      client ??= openClient(runtime, err);
      return client;
    },
    openClient: (how) => openClient(runtime, err, how),
    async runSelf(words, stdout, stop) {
      return (await import('../../system/programs/program.js')).runShown(
        [...runtime.command, ...words],
        stdout,
        stop,
      );
    },
    async runInNetns(path, words) {
      const run = runtime.execInNetns ?? (await import('../../system/network/netns.js')).runInNetns;
      return run(path, [...runtime.command, ...words]);
    },
    async runLater(words, seconds, name) {
      return (await import('../../system/programs/later.js')).runLater(
        runtime.command,
        words,
        seconds,
        name,
        files,
      );
    },
    async startWorker(words, events) {
      return (await import('../../system/programs/worker.js')).startWorker(
        [...runtime.command, ...words],
        events,
      );
    },
    async close() {
      if (client !== undefined) (await client.catch(() => undefined))?.close();
      if (out.later ?? err.later) await Promise.allSettled([out.later, err.later]);
    },
  };
}

let stop: AbortController | undefined;

/** The same signal at every call: each listener of the process's signals counts, and the runtime warns of many. */
export function stopRequest(): AbortSignal {
  if (stop !== undefined) return stop.signal;
  const controller = new AbortController();
  stop = controller;
  // Once each: a second signal ends the process, as it does by default.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort(signal));
  return controller.signal;
}

async function openClient(
  { openSocket, openOptions, files }: Runtime,
  err: DescriptorOutput,
  how: ClientOptions = {},
): Promise<IpvsClient> {
  const { env } = process;
  const { IpvsClient } = await import('../../ipvs/client.js');
  return IpvsClient.open(openSocket, {
    ...how,
    trace: env['LVSADM_DEBUG']?.split(',').includes('netlink') ? await netlinkTrace(err) : undefined,
    openOptions: env['LVSADM_SOCKOPT'] === 'off' ? undefined : openOptions,
    isInProc: () => canBeOpened('/proc/net/ip_vs', files),
    loadModule: async () => (await import('../../system/modules.js')).loadModule('ip_vs'),
  });
}

function canBeOpened(path: string, files: Descriptors): boolean {
  try {
    files.closeSync(files.openSync(path, 'r'));
    return true;
  } catch {
    return false;
  }
}

/** The trace of `LVSADM_DEBUG=netlink`, in printable characters: texts of the kernel are others'. */
export async function netlinkTrace(err: Output): Promise<Trace> {
  const [{ createTrace }, { ipvsSchema }] = await Promise.all([
    import('../../netlink/trace.js'),
    import('../../ipvs/schema.js'),
  ]);
  return createTrace((text) => void err.write(printableLines(text)), [ipvsSchema]);
}
