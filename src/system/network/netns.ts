/** Network namespaces: their names, which ip-netns(8) keeps, and programs that run in one. */
import { cannot, HostError } from '../../errors.js';
import { type Files, ifThere } from '../files/files.js';
import { ended } from '../programs/program.js';

/** Each name is a file there, on which the namespace is mounted. */
export const netnsDirectory = '/run/netns';

/** In the order of their characters; empty without the directory. @throws errors of node:fs */
export const namedNamespaces = (files: Files): string[] =>
  (ifThere(() => files.readdirSync(netnsDirectory)) ?? []).sort();

/** The named namespaces but this one, each by the first of its names. @throws HostError */
export function otherNamespaces(files: Files): string[] {
  try {
    return distinctNamespaces(files);
  } catch (error) {
    throw cannot('list the network namespaces', error);
  }
}

function distinctNamespaces(files: Files): string[] {
  const own = /\d+/.exec(files.readlinkSync('/proc/self/ns/net'))?.[0];
  // A namespace is mounted on its file, which then has its inode; two names may be of one namespace.
  const seen = new Set([own]);
  return namedNamespaces(files).filter((name) => {
    // One may be deleted meanwhile.
    const inode = ifThere(() => files.statSync(`${netnsDirectory}/${name}`).ino);
    return inode !== undefined && !seen.has(String(inode)) && seen.add(String(inode));
  });
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
  // A terminal sends its signals to its whole foreground group, the program included; kill(1) sends them to this process alone.
  const { readFileSync } = process.getBuiltinModule('node:fs');
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    process.on(signal, () => isInForeground(readFileSync('/proc/self/stat', 'utf8')) || child.kill(signal));
  }
  return ended(child, `enter the network namespace ${path}`);
}

/** @param stat a /proc/PID/stat: whether the process belongs to the foreground group of its controlling terminal */
export function isInForeground(stat: string): boolean {
  // The name before these fields may have blanks and parentheses.
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group === foreground;
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
