/** Files that a process reads, locks and replaces, over the calls that both distributions have. */
import { cannot, HostError } from '../../errors.js';

/** Names of open(2)'s flags. */
type Flag =
  | 'O_RDONLY'
  | 'O_WRONLY'
  | 'O_RDWR'
  | 'O_CREAT'
  | 'O_EXCL'
  | 'O_NOCTTY'
  | 'O_NONBLOCK'
  | 'O_DIRECTORY'
  | 'O_NOFOLLOW';

/**
 * The calls of node:fs that state files take. The standalone executable has system calls instead: loading its runtime's
 * node:fs takes longer than most commands.
 */
export interface Files {
  readonly constants: Readonly<Record<Flag, number>>;
  openSync(path: string, flags: number, mode?: number): number;
  readFileSync(from: string | number, encoding: 'utf8'): string;
  writeSync(descriptor: number, bytes: Uint8Array): number;
  ftruncateSync(descriptor: number, length: number): void;
  fsyncSync(descriptor: number): void;
  fchownSync(descriptor: number, uid: number, gid: number): void;
  fchmodSync(descriptor: number, mode: number): void;
  closeSync(descriptor: number): void;
  renameSync(from: string, to: string): void;
  unlinkSync(path: string): void;
  rmdirSync(path: string): void;
  symlinkSync(target: string, path: string): void;
  mkdirSync(path: string, how: { mode: number }): unknown;
  lstatSync(path: string): Owned & { readonly ino: number; readonly mtimeMs: number };
  statSync(path: string): { readonly mode: number; readonly ino: number };
  readlinkSync(path: string): string;
  readdirSync(path: string): string[];
  /**
   * Locks an open file, as flock(2) does. Node.js has no such call: there flock(1) does it.
   * @param patience milliseconds to wait for another process to unlock it
   */
  flock?(descriptor: number, patience: number): Promise<boolean>;
}

/** Who may do what with a file. */
interface Owned {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A file's text; undefined if it does not exist. Symbolic links are not followed. @throws errors of node:fs */
export function readIfThere(path: string, files: Files): string | undefined {
  const { O_RDONLY, O_NOFOLLOW } = files.constants;
  const descriptor = ifThere(() => files.openSync(path, O_RDONLY | O_NOFOLLOW));
  if (descriptor === undefined) return undefined;
  try {
    return files.readFileSync(descriptor, 'utf8');
  } finally {
    files.closeSync(descriptor);
  }
}

export interface Replacement {
  /** Where the new text is written first, in the same directory (default: a name that no user gives to a file). */
  readonly fresh?: string;
  /** A file whose owner and mode the new one gets (default: this process's owner). */
  readonly old?: Owned | undefined;
  /** Without `old` (default: 0644). */
  readonly mode?: number;
}

/**
 * Replaces the whole file: a reader gets the old text or the new one, also after a crash at any moment. Callers hold a lock, so
 * that a new text that lies beside the file is that of a process that was killed. `--state FILE` may be anywhere.
 * @throws errors of node:fs; the file is as it was then
 */
export function replaceFile(
  path: string,
  text: string | Uint8Array,
  files: Files,
  { fresh = freshName(path), old, mode = 0o644 }: Replacement = {},
): void {
  removeIfThere(fresh, files);
  try {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = files.constants;
    const descriptor = files.openSync(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, old ? 0o600 : mode);
    try {
      if (old !== undefined) giveTo(old, descriptor, files);
      writeAll(descriptor, text, files);
      files.fsyncSync(descriptor);
    } finally {
      files.closeSync(descriptor);
    }
    files.renameSync(fresh, path);
  } catch (error) {
    removeIfThere(fresh, files);
    throw error;
  }
  syncDirectory(path, files);
}

/** Where the next text or link of a path lies until it takes its place. */
export const freshName = (path: string): string => `${path}.lvsadm-new`;

/** Makes a symbolic link, or puts it in the place of another one, by a rename. Callers hold a lock. @throws errors of node:fs */
export function replaceLink(path: string, target: string, files: Files): void {
  const fresh = freshName(path);
  removeIfThere(fresh, files);
  try {
    files.symlinkSync(target, fresh);
    files.renameSync(fresh, path);
  } catch (error) {
    removeIfThere(fresh, files);
    throw error;
  }
  syncDirectory(path, files);
}

function giveTo({ uid, gid, mode }: Owned, descriptor: number, files: Files): void {
  try {
    files.fchownSync(descriptor, uid, gid);
  } catch (error) {
    // Only root gives files away, and only to users whom its namespace knows.
    if (!['EPERM', 'EINVAL'].includes(codeOf(error) ?? '')) throw error;
  }
  files.fchmodSync(descriptor, mode & 0o777);
}

/** The type of a file, in its mode (linux/stat.h). */
export const S_IFMT = 0o170000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;

/**
 * Writes a file of the user's, which other programs read, as a whole or not at all; a file that is there keeps its owner and its mode.
 * Processes that do so at once do not disturb each other.
 * @throws HostError
 */
export function writeWhole(path: string, bytes: Uint8Array, files: Files): void {
  const doing = `write ${path}`;
  try {
    const old = ifThere(() => files.lstatSync(path));
    // A rename would put a file in the place of a device.
    if (old !== undefined && (old.mode & S_IFMT) !== S_IFREG)
      throw new HostError(doing, 'it is not a regular file');
    replaceFile(path, bytes, files, { fresh: `${path}${FRESH}${process.pid}`, old });
  } catch (error) {
    throw error instanceof HostError ? error : cannot(doing, error);
  }
  try {
    removeLeftovers(path, files);
  } catch {
    // Another user's, or a directory that cannot be read: the file itself is written.
  }
}

/** Between the name of a file and the number of the process that writes it anew. */
const FRESH = '.lvsadm-';

/** Numbers of processes have at most 7 digits (linux/threads.h): eight may be a date that a user put there. */
const PROCESS = /^\d{1,7}$/;

/** Milliseconds after which no process still writes a file. */
const LEFT_OVER = 60_000;

/** Removes what processes that were killed have left beside a file. */
function removeLeftovers(path: string, files: Files): void {
  const directory = directoryOf(path);
  const start = `${path.slice(path.lastIndexOf('/') + 1)}${FRESH}`;
  for (const name of files.readdirSync(directory)) {
    if (!name.startsWith(start) || !PROCESS.test(name.slice(start.length))) continue;
    const leftover = `${directory}/${name}`;
    const changed = ifThere(() => files.lstatSync(leftover))?.mtimeMs;
    if (changed !== undefined && Date.now() - changed > LEFT_OVER) removeIfThere(leftover, files);
  }
}

/**
 * The directory, and those that it lies in. Node's own recursion never ends below /proc.
 * @param mode of the directory itself
 * @throws errors of node:fs
 */
export function makeDirectory(path: string, files: Files, mode = 0o755): void {
  const make = () => files.mkdirSync(path, { mode });
  try {
    make();
  } catch (error) {
    const parent = directoryOf(path).replace(/\/+$/, '');
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT' || parent === '' || parent === '.') throw error;
    makeDirectory(parent, files);
    make();
  }
}

export const removeIfThere = (path: string, files: Pick<Files, 'unlinkSync'>): void =>
  ifThere(() => files.unlinkSync(path));

export function writeAll(descriptor: number, text: string | Uint8Array, files: Files): void {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  for (let rest = bytes; rest.length > 0; ) {
    rest = rest.subarray(files.writeSync(descriptor, rest));
  }
}

/** A name is on the disk only when its directory is. */
export function syncDirectory(path: string, files: Files): void {
  const { O_RDONLY, O_DIRECTORY } = files.constants;
  const descriptor = files.openSync(directoryOf(path), O_RDONLY | O_DIRECTORY);
  try {
    files.fsyncSync(descriptor);
  } finally {
    files.closeSync(descriptor);
  }
}

/** A file as text of one byte a character. @throws errors of node:fs */
export async function wholeText(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += new TextDecoder('latin1').decode(chunk);
  return text;
}

export const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1) || '.';

export function ifThere<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** `ENOENT`; undefined for an error that no system call made. */
export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
