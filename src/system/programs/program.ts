/** Programs of the administrator, run without a shell. Node's modules are loaded at the first use. */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { cannot, errnoText, HostError } from '../../errors.js';
import { signalGroup } from './process-group.js';

const { getBuiltinModule } = process;

/** The child emits an error for some errnos; for others this throws: ETXTBSY of a program that is being overwritten, ENOMEM, ENOTDIR. */
const spawn = (file: string, args: readonly string[], options: SpawnOptions): ChildProcess =>
  getBuiltinModule('node:child_process').spawn(file, args, options);

/** @throws HostError if there is no such program that may be run */
export async function checkProgram(path: string): Promise<void> {
  const { access, constants, stat } = getBuiltinModule('node:fs').promises;
  const attempted = `run ${path}`;
  const found = await access(path, constants.X_OK)
    .then(() => stat(path))
    .catch((error) => {
      throw cannot(attempted, error);
    });
  if (!found.isFile()) throw new HostError(attempted, 'it is not a regular file');
}

export interface ProgramLimits {
  /** Milliseconds after which the program and what it started get SIGTERM, and SIGKILL 5 s later. */
  readonly timeout: number;
  /** A request to stop: from then on the program has `grace` milliseconds at most, and a second SIGINT or SIGTERM kills it. */
  readonly stop?: AbortSignal;
  readonly grace?: number;
}

/**
 * Runs a program in a process group of its own, and waits for its end. Its output goes to standard error.
 * @returns undefined if it succeeded, otherwise the reason: `exit status 1`
 */
export async function runProgram(
  path: string,
  input: string,
  { timeout, stop, grace = STUBBORN }: ProgramLimits,
): Promise<string | undefined> {
  let child: ChildProcess;
  try {
    child = spawn(path, [], { stdio: ['pipe', 2, 2], detached: true });
  } catch (error) {
    return reasonOf(error);
  }
  let ending: Promise<void> | undefined;
  const end = (): void => {
    if (child.pid !== undefined) ending ??= endGroup(child.pid);
  };
  const timers = [setTimeout(end, timeout)];
  const kill = (signal: NodeJS.Signals): void => {
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
    process.kill(process.pid, signal);
  };
  const stopped = (): void => {
    timers.push(setTimeout(end, grace));
    // A terminal sends its signals to this process alone: the program has a session of its own.
    for (const signal of STOPPING) process.once(signal, kill);
  };
  stop?.addEventListener('abort', stopped, { once: true });
  const reason = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(reasonOf(error)));
    child.once('exit', (status, signal) =>
      resolve(status === 0 ? undefined : signal === null ? `exit status ${status}` : `ended by ${signal}`),
    );
  });
  // A program need not read its input.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  await reason;
  for (const timer of timers) clearTimeout(timer);
  stop?.removeEventListener('abort', stopped);
  await ending;
  for (const signal of STOPPING) process.off(signal, kill);
  return reason;
}

const STOPPING = ['SIGINT', 'SIGTERM'] as const;

/** Milliseconds for a process group to end after SIGTERM, and from one look at it to the next. */
const STUBBORN = 5000;
const LOOK = 50;

/** Ends a process group: with SIGTERM, and what is left of it with SIGKILL. */
async function endGroup(leader: number): Promise<void> {
  signalGroup(leader, 'SIGTERM');
  for (let waited = 0; waited < STUBBORN && signalGroup(leader, 0); waited += LOOK) {
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
  signalGroup(leader, 'SIGKILL');
}

/** How a program ended. */
export interface ProgramRun {
  /** 128 + N if signal N ended it. */
  readonly status: number;
  /** What it wrote to standard output, if that was asked for. */
  readonly out: string;
}

/**
 * Runs a program with the input and the standard error of this process, and waits for its end.
 * @param stop ends it with SIGTERM
 * @throws HostError if it cannot be started, or was ended by `stop`
 */
export async function runShown(
  [file, ...args]: readonly [file: string, ...args: string[]],
  stdout: 'inherit' | 'pipe',
  stop?: AbortSignal,
): Promise<ProgramRun> {
  const attempted = `run ${file}`;
  let child: ChildProcess;
  try {
    child = spawn(file, args, { stdio: ['inherit', stdout, 'inherit'] });
  } catch (error) {
    throw cannot(attempted, error);
  }
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const status = await Promise.race([ended(child, attempted), ...(stop ? [terminated(child, stop)] : [])]);
  return { status, out: Buffer.concat(chunks).toString() };
}

/** Ends a program when it is asked to. @throws HostError then, at once: what hangs in the kernel may not end */
const terminated = (child: ChildProcess, stop: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const abort = (): void => {
      child.kill('SIGTERM');
      child.stdout?.destroy();
      reject(new HostError(`run ${child.spawnfile}`, 'it was ended'));
    };
    if (stop.aborted) abort();
    // Each program listens to it; of more than ten listeners the runtime warns.
    getBuiltinModule('node:events').setMaxListeners(0, stop);
    stop.addEventListener('abort', abort, { once: true });
    child.once('close', () => stop.removeEventListener('abort', abort));
  });

/** @returns the exit status of a program; 128 + N if signal N ended it. @throws HostError if it could not be started */
export function ended(child: ChildProcess, attempted: string): Promise<number> {
  const { constants } = getBuiltinModule('node:os');
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(cannot(attempted, error)));
    child.once('close', (status, signal) =>
      resolve(signal === null ? (status ?? 0) : 128 + constants.signals[signal]),
    );
  });
}

function reasonOf(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return errno === undefined ? message : errnoText(-errno);
}
