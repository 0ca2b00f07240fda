/** Programs with all their children, which end together. Node's modules are loaded at the first use. */
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { cannot } from '../../errors.js';

const { getBuiltinModule } = process;

export interface GroupOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** User and group of the program, without further groups; those of this process if left out. */
  readonly user?: UserIds | undefined;
  /** Kills the program and its children. */
  readonly signal: AbortSignal;
}

export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

/** How a program ended. */
export interface GroupEnd {
  /** Null if a signal ended it. */
  readonly status: number | null;
  /** `SIGSEGV` */
  readonly signal: string | null;
  /** The first {@link OUTPUT_LIMIT} bytes of its standard output and of its standard error. */
  readonly out: string;
  readonly err: string;
}

const OUTPUT_LIMIT = 4096;

/**
 * Runs a program in `/` as the leader of a process group, without input, and waits until it has ended and all its children have closed
 * its output.
 * @throws HostError if it cannot be started
 */
export async function runGroup(
  [file, ...args]: readonly [file: string, ...args: string[]],
  { env, user, signal }: GroupOptions,
): Promise<GroupEnd> {
  const attempted = `run ${file}`;
  let child: ChildProcess;
  try {
    child = getBuiltinModule('node:child_process').spawn(file, args, {
      cwd: '/',
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...user,
    });
  } catch (error) {
    throw cannot(attempted, error);
  }
  const out = beginning(child.stdout);
  const err = beginning(child.stderr);
  const end = (): void => {
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
    // A child that has left the group may hold them.
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error) => reject(cannot(attempted, error)));
      child.once('close', (status, signal) => resolve({ status, signal, out: out(), err: err() }));
    });
  } finally {
    signal.removeEventListener('abort', end);
  }
}

function beginning(stream: Readable | null): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream?.on('data', (chunk: Buffer) => {
    if (length < OUTPUT_LIMIT) chunks.push(chunk);
    length += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8', 0, OUTPUT_LIMIT);
}

/** @returns whether there is such a group */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
}
