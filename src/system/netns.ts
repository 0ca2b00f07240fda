/** Network namespaces: their names, which ip-netns(8) keeps, and programs that run in one. */
import { cannot, HostError } from '../errors.js';
import { type Files, ifThere } from './files.js';

/** Each name is a file there, on which the namespace is mounted. */
export const netnsDirectory = '/run/netns';

/** In the order of their characters; empty without the directory. @throws errors of node:fs */
export const namedNamespaces = (files: Files): string[] =>
  (ifThere(() => files.readdirSync(netnsDirectory)) ?? []).sort();

/** What a program is run with, and its exit status: 128 + N if signal N ended it. */
type Command = readonly [file: string, ...args: string[]];

/**
 * Runs a program in the network namespace of this file, with the streams of this process. Signals that ask this process to end are
 * passed on.
 * @returns its exit status; 128 + N if signal N ended it
 * @throws HostError if the namespace cannot be entered
 */
export async function runInNetns(path: string, command: Command): Promise<number> {
  await tryToEnter(path);
  const child = spawn(path, command, 'inherit');
  const { constants } = process.getBuiltinModule('node:os');
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  // A terminal sends its signals to the whole group, the program included; kill(1) sends them to this process alone.
  const { isatty } = process.getBuiltinModule('node:tty');
  process.on('SIGINT', () => isatty(0) || child.kill('SIGINT'));
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(cannot(`enter the network namespace ${path}`, error)));
    child.once('close', (status, signal) =>
      resolve(signal === null ? (status ?? 0) : 128 + constants.signals[signal]),
    );
  });
}

const spawn = (path: string, command: Command, stdout: 'inherit' | 'pipe') =>
  process
    .getBuiltinModule('node:child_process')
    .spawn('nsenter', [`--net=${path}`, '--', ...command], { stdio: ['inherit', stdout, 'inherit'] });

/** nsenter(1) has one exit status for its own failures, which programs have too. */
async function tryToEnter(path: string): Promise<void> {
  const attempted = `enter the network namespace ${path}`;
  const { promisify } = process.getBuiltinModule('node:util');
  const { execFile } = process.getBuiltinModule('node:child_process');
  try {
    await promisify(execFile)('nsenter', [`--net=${path}`, '--', 'true']);
  } catch (error) {
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT')
      throw new HostError(attempted, 'there is no program nsenter in PATH (it is part of util-linux)', {
        cause: error,
      });
    const [reason = message] = (stderr ?? '').trim().split('\n');
    // nsenter: reassociate to namespace 'ns/net' failed: Invalid argument
    const [, words = reason] = /: ([^:]+)$/.exec(reason) ?? [];
    throw new HostError(
      attempted,
      words === 'Invalid argument' ? 'it is not a network namespace' : words.toLowerCase(),
      { cause: error },
    );
  }
}
