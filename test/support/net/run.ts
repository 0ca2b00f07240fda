// Running the tools that make networks: argument arrays, never a shell.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Result {
  /** Exit status; 128 + N is not used, a signal rejects. */
  status: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** What the program reads from its standard input; empty where nothing is given. */
  input?: string;
  env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end, whatever its exit status. Rejects when it cannot start or a signal ends it. */
export async function attempt(file: string, args: string[], options: RunOptions = {}): Promise<Result> {
  const child = spawn(file, args, { stdio: 'pipe', env: options.env ?? process.env });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) =>
      status === null ? reject(new Error(`${file} was ended by ${signal}`)) : resolve(status),
    );
  });
  // A program need not read all of its input.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input);
  const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { status, stdout, stderr };
}

/** What a program prints. Rejects with its messages and its input when it fails. */
export async function run(file: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await attempt(file, args, options);
  if (status === 0) return stdout;
  const input = options.input ? `\n${options.input}` : '';
  throw new Error(`${[file, ...args].join(' ')} ended with ${status}:\n${stderr || stdout}${input}`);
}

/**
 * Carries out lines in the words of ip(8), all by one process, which is what counts on an emulated machine.
 * `namespace` undefined is this process's own. `family` is needed where the words do not tell it.
 */
export async function ip(
  namespace: string | undefined,
  lines: readonly string[],
  family?: 'inet' | 'inet6',
): Promise<void> {
  if (lines.length === 0) return;
  const where = namespace === undefined ? [] : ['-n', namespace];
  const what = family === undefined ? [] : ['-f', family];
  await run('ip', [...where, ...what, '-batch', '-'], { input: `${lines.join('\n')}\n` });
}
