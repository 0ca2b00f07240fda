/** Programs of the administrator, run without a shell. Node's modules are loaded at the first use. */
import { cannot, errnoText } from '../errors.js';

const { getBuiltinModule } = process;

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
export function runProgram(path: string, input: string, timeout: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = getBuiltinModule('node:child_process').spawn(path, [], { stdio: ['pipe', 2, 2] });
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

function reasonOf(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return errno === undefined ? message : errnoText(-errno);
}
