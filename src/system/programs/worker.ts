/** This program as a process of its own in a new network namespace, with lines in both directions. Node's modules are loaded at the first use. */
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { cannot, HostError } from '../../errors.js';

const ATTEMPTED = 'make a network namespace';

export interface Worker {
  readonly process: number;
  send(line: string): void;
  /** Ends it, and with it its namespace. */
  end(): void;
}

/** What the starter hears of a worker. */
export interface WorkerEvents {
  line(line: string): void;
  /** Called once, with the reason as far as it is known; nothing comes after it. */
  ended(error: HostError): void;
}

/**
 * Starts a program in a network namespace that nothing else holds: whatever ends the program ends the namespace and all links, routes
 * and rules in it. The program ends by itself at the end of its input, so that it does not outlive the caller.
 * @throws HostError if it cannot be started
 */
export function startWorker(
  command: readonly [file: string, ...args: string[]],
  events: WorkerEvents,
): Worker {
  const { spawn } = process.getBuiltinModule('node:child_process');
  let child: ChildProcess;
  try {
    // unshare(1) becomes the program. The signals of a terminal are for the caller alone.
    child = spawn('unshare', ['--net', '--', ...command], { stdio: 'pipe', detached: true });
  } catch (error) {
    throw cannot(ATTEMPTED, error);
  }
  const { stdin, stdout, stderr } = child;
  let said = '';
  const ended = (error: HostError): void => {
    events.ended(error);
    events = { line: () => {}, ended: () => {} };
  };
  child.once('error', (error: NodeJS.ErrnoException) =>
    ended(
      error.code === 'ENOENT'
        ? new HostError(ATTEMPTED, 'there is no program unshare in PATH (it is part of util-linux)')
        : cannot(ATTEMPTED, error),
    ),
  );
  child.once('close', () => ended(new HostError(ATTEMPTED, reasonOf(said))));
  stdin?.on('error', () => {});
  stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, 4096);
  });
  if (stdout !== null) eachLine(stdout, (line) => events.line(line));
  return {
    process: child.pid ?? 0,
    send: (line) => void stdin?.write(`${line}\n`),
    end: () => void child.kill('SIGKILL'),
  };
}

/** `unshare: unshare failed: Operation not permitted` is `operation not permitted`. */
function reasonOf(said: string): string {
  const [first = ''] = said.trim().split('\n');
  const [, words] = /^unshare: .*: ([^:]+)$/.exec(first) ?? [];
  return words?.toLowerCase() ?? (first || 'the process in it was ended');
}

/** Calls with each line of standard input. Resolves at its end. */
export const inputLines = (call: (line: string) => void): Promise<void> =>
  new Promise((resolve) => {
    eachLine(process.stdin, call);
    process.stdin.on('end', resolve).on('error', () => resolve());
  });

function eachLine(stream: Readable, call: (line: string) => void): void {
  let received = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (received + text).split('\n');
    received = lines.pop() ?? '';
    for (const line of lines) call(line);
  });
}
