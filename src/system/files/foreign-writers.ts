/** Who, beside root, can change what a path leads to. */
import { type Files, S_IFLNK, S_IFMT } from './files.js';

export interface ForeignWriter {
  /** The file, or a directory or a symbolic link on the way to it. */
  readonly path: string;
  /** `0664` */
  readonly mode: string;
  /** `user 1000`, `group 1000` or `all users` */
  readonly writer: string;
}

const S_IFDIR = 0o040000;
const STICKY = 0o1000;

/** As the kernel follows (MAXSYMLINKS). */
const LINKS = 40;

/**
 * The first place on the way to a file, itself included, that another user than root may write.
 * @returns undefined if there is none, or if nothing is there
 */
export function foreignWriterOf(
  path: string,
  files: Pick<Files, 'lstatSync' | 'readlinkSync'>,
): ForeignWriter | undefined {
  const { dirname, resolve } = process.getBuiltinModule('node:path');
  let at = '/';
  let links = 0;
  const rest = resolve(path).split('/').filter(Boolean);
  try {
    for (;;) {
      const { mode, uid, gid } = files.lstatSync(at);
      const type = mode & S_IFMT;
      // In a sticky directory, such as /tmp, users can replace their own files alone; those are looked at themselves.
      const isGuarded = type === S_IFDIR && (mode & STICKY) !== 0 && rest.length > 0;
      const writer = type === S_IFLNK || isGuarded ? ownerOf(uid) : writerOf(mode, uid, gid);
      if (writer !== undefined)
        return { path: at, mode: (mode & 0o7777).toString(8).padStart(4, '0'), writer };
      if (type === S_IFLNK) {
        if (++links > LINKS) return undefined;
        rest.unshift(...resolve(dirname(at), files.readlinkSync(at)).split('/').filter(Boolean));
        at = '/';
      } else {
        const name = rest.shift();
        if (name === undefined) return undefined;
        at = resolve(at, name);
      }
    }
  } catch {
    // What is missing cannot be run, and what cannot be read is told by whoever reads it.
    return undefined;
  }
}

const ownerOf = (uid: number): string | undefined => (uid === 0 ? undefined : `user ${uid}`);

const writerOf = (mode: number, uid: number, gid: number): string | undefined =>
  ownerOf(uid) ??
  ((mode & 0o002) !== 0 ? 'all users' : (mode & 0o020) !== 0 && gid !== 0 ? `group ${gid}` : undefined);

/** Whether this process may do everything. */
export const isRoot = (): boolean => process.geteuid?.() === 0;
