/** Network namespaces: their names, which ip-netns(8) keeps, and programs that run in one. */
import { HostError } from '../errors.js';
import { type Files, ifThere } from './files.js';
import { ended } from './program.js';

/** Each name is a file there, on which the namespace is mounted. */
export const netnsDirectory = '/run/netns';

/** In the order of their characters; empty without the directory. @throws errors of node:fs */
export const namedNamespaces = (files: Files): string[] =>
  (ifThere(() => files.readdirSync(netnsDirectory)) ?? []).sort();

/** The named namespaces but this one. @throws errors of node:fs */
export function otherNamespaces(files: Files): string[] {
  const own = /\d+/.exec(files.readlinkSync('/proc/self/ns/net'))?.[0];
  // A namespace is mounted on its file, which then has its inode.
  return namedNamespaces(files).filter(
    (name) => String(files.statSync(`${netnsDirectory}/${name}`).ino) !== own,
  );
}

type Command = readonly [file: string, ...args: string[]];

/**
 * Runs a program in the network namespace of this file, with the streams of this process. Signals that ask this process to end are
 * passed on.
 * @returns its exit status; 128 + N if signal N ended it
 * @throws HostError if the namespace cannot be entered
 */
export async function runInNetns(path: string, command: Command): Promise<number> {
  await tryToEnter(path);
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn('nsenter', [`--net=${path}`, '--', ...command], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  // A terminal sends its signals to the whole group, the program included; kill(1) sends them to this process alone.
  const { isatty } = process.getBuiltinModule('node:tty');
  process.on('SIGINT', () => isatty(0) || child.kill('SIGINT'));
  return ended(child, `enter the network namespace ${path}`);
}

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
