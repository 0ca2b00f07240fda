/**
 * The directory of lvsadm's state, and the names of the files in it. They hold what lvsadm remembers of the kernel's state, and
 * are lost with it at a reboot.
 */
import { errnoText, HostError } from '../../errors.js';
import { codeOf, type Files, ifThere, makeDirectory } from './files.js';

const DEFAULT = '/run/lvsadm';

export interface RunDirContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: Files;
  /** The directory that the command line names. */
  readonly runDir?: string | undefined;
}

/** The directories that may hold state, in order. One that somebody names is the only one. */
function candidates({ env, runDir }: RunDirContext): string[] {
  const named = runDir ?? env['LVSADM_RUN'];
  if (named) return [named.length > 1 ? named.replace(/\/+$/, '') : named];
  const ofUser = env['XDG_RUNTIME_DIR'];
  return ofUser ? [DEFAULT, `${ofUser}/lvsadm`] : [DEFAULT];
}

const MISSING = 'does not exist';

/** The directory that state is in: the first that is ours, else the first that may be used. */
export function readableRunDir(context: RunDirContext): string {
  const { files } = context;
  const usable = candidates(context).filter((path) => problemOf(path, files) === undefined);
  const own = process.geteuid?.();
  return (
    usable.find((path) => files.lstatSync(path).uid === own) ?? usable[0] ?? candidates(context)[0] ?? DEFAULT
  );
}

/** Why state in this directory is not to be read: what others may have written would change the network. */
export function distrust(directory: string, files: Files): string | undefined {
  const problem = problemOf(directory, files);
  return problem === undefined || problem === MISSING ? undefined : `${directory} ${problem}`;
}

/**
 * Calls `use` with the directory to write to, made if it is not there, and with the next one where `use` cannot write.
 * @throws HostError that names each directory and the reason
 */
export function inWritableRunDir<T>(context: RunDirContext, use: (path: string) => T): T {
  const { files } = context;
  const refused: string[] = [];
  for (const path of candidates(context)) {
    try {
      makeDirectory(path, files);
      const problem = problemOf(path, files);
      if (problem === undefined) return use(path);
      refused.push(`${path} ${problem}`);
    } catch (error) {
      refused.push(`${path}: ${reasonOf(error)}`);
    }
  }
  const ways = 'name a directory that can be written to with --run-dir or LVSADM_RUN';
  throw new HostError('keep state', `${refused.join('; ')}; ${ways}`);
}

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const WRITABLE_BY_OTHERS = 0o022;

/** Why a directory is not used: who can write to it can have lvsadm change the network. Undefined if nothing is wrong. */
function problemOf(path: string, files: Files): string | undefined {
  try {
    const found = ifThere(() => files.lstatSync(path));
    if (found === undefined) return MISSING;
    if ((found.mode & S_IFMT) !== S_IFDIR) return 'is not a directory (symbolic links are not followed)';
    if (found.uid !== 0 && found.uid !== process.geteuid?.()) return `belongs to user ${found.uid}`;
    return (found.mode & WRITABLE_BY_OTHERS) === 0 ? undefined : 'can be written to by other users';
  } catch (error) {
    return `cannot be looked at: ${reasonOf(error)}`;
  }
}

/** The reason of an error of node:fs: `no such file or directory`. */
export function reasonOf(error: unknown): string {
  const { errno } = error as NodeJS.ErrnoException;
  return errno === undefined ? String(codeOf(error) ?? error) : errnoText(-errno);
}

/**
 * Name of this process's network namespace, never used for another one while the machine runs: `INODE-SOCKET`. The kernel gives
 * the namespace's inode to the next one at once, and keeps its file's times only while somebody looks at it. So the second number
 * is the inode of the namespace's own rtnetlink socket, which the kernel makes with the namespace and numbers with a counter of
 * 32 bits. It stands in /proc/net/netlink; SO_NETNS_COOKIE is out of reach for Node.js.
 * @throws HostError
 */
export function namespaceName(files: Files): string {
  try {
    // net:[4026531840]
    const [inode] = /\d+/.exec(files.readlinkSync('/proc/self/ns/net')) ?? [];
    // sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode: protocol 0 is rtnetlink, port 0 the kernel.
    const socket = /^\S+ +0 +0 .* (\d+) *$/m.exec(files.readFileSync('/proc/self/net/netlink', 'utf8'))?.[1];
    if (inode !== undefined && socket !== undefined) return `${inode}-${socket}`;
    throw new Error('the kernel does not number them');
  } catch (error) {
    throw new HostError('tell this network namespace from others', `/proc/self: ${reasonOf(error)}`);
  }
}

/**
 * Whether another process is in this process's network namespace; undefined where /proc does not show it. Its file /proc/PID/ns/net
 * takes the capabilities of that process to read. The namespace's own files below /proc/PID/net are open to all, and their inodes are
 * of one namespace.
 */
export function sharesNamespace(pid: number | string, files: Pick<Files, 'statSync'>): boolean | undefined {
  try {
    const [own, other] = ['self', pid].map((each) => files.statSync(`/proc/${each}/net/dev`).ino);
    return own === other;
  } catch {
    return undefined;
  }
}

/** The boot that the machine is in; undefined where /proc/sys is hidden. */
export const bootId = (files: Files): string | undefined => {
  try {
    return files.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
};
