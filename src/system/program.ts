/** Programs of the administrator, run without a shell. Node's modules are loaded at the first use. */
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { cannot, errnoText } from '../errors.js';

const { getBuiltinModule } = process;

/** The child emits an error for some errnos; for others this throws: ETXTBSY of a program that is being overwritten, ENOMEM, ENOTDIR. */
const spawn = (file: string, args: readonly string[], stdio: StdioOptions): ChildProcess =>
  getBuiltinModule('node:child_process').spawn(file, args, { stdio });

/** @throws HostError if there is no such program that may be run */
export async function checkProgram(path: string): Promise<void> {
  const { access, constants } = getBuiltinModule('node:fs').promises;
  await access(path, constants.X_OK).catch((error) => {
    throw cannot(`run ${path}`, error);
  });
}

/**
 * Runs a program, and waits for its end. Its output goes to standard error.
 * @param timeout milliseconds after which it gets SIGTERM, and SIGKILL 5 s later
 * @returns undefined if it succeeded, otherwise the reason: `exit status 1`
 */
export async function runProgram(path: string, input: string, timeout: number): Promise<string | undefined> {
  let child: ChildProcess;
  try {
    child = spawn(path, [], ['pipe', 2, 2]);
  } catch (error) {
    return reasonOf(error);
  }
  return new Promise((resolve) => {
    const overdue = setTimeout(() => child.kill('SIGTERM'), timeout);
    const stubborn = setTimeout(() => child.kill('SIGKILL'), timeout + 5000);
    const end = (reason: string | undefined): void => {
      clearTimeout(overdue);
      clearTimeout(stubborn);
      resolve(reason);
    };
    child.once('error', (error) => end(reasonOf(error)));
    child.once('exit', (status, signal) =>
      end(status === 0 ? undefined : signal === null ? `exit status ${status}` : `ended by ${signal}`),
    );
    // A program need not read its input.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
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
 * @throws HostError if it cannot be started
 */
export async function runShown(
  [file, ...args]: readonly [file: string, ...args: string[]],
  stdout: 'inherit' | 'pipe',
): Promise<ProgramRun> {
  const attempted = `run ${file}`;
  let child: ChildProcess;
  try {
    child = spawn(file, args, ['inherit', stdout, 'inherit']);
  } catch (error) {
    throw cannot(attempted, error);
  }
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const status = await ended(child, attempted);
  return { status, out: Buffer.concat(chunks).toString() };
}

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
