/** Symbolic links that give the program further names. */
import { lstat, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { errnoText, HostError } from '../errors.js';

/**
 * The target of a link. In the directory of the file it is the bare name, so that both can be moved together: into a package, or
 * with the directory.
 */
const targetOf = (link: string, file: string): string =>
  dirname(link) === dirname(file) ? basename(file) : file;

/** `taken`: another file has the name. */
export type LinkState = 'free' | 'ours' | 'taken';

/** @param file absolute, as `link` is */
export async function stateOfLink(link: string, file: string): Promise<LinkState> {
  const stat = await lstat(link).catch(() => undefined);
  if (stat === undefined) return 'free';
  if (!stat.isSymbolicLink()) return 'taken';
  return resolve(dirname(link), await readlink(link)) === file ? 'ours' : 'taken';
}

/** Creates or replaces the link by a rename, so that the name always exists. @throws HostError */
export async function makeLink(link: string, file: string): Promise<void> {
  const fresh = `${link}.${process.pid}`;
  try {
    await symlink(targetOf(link, file), fresh);
    await rename(fresh, link);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => {});
    throw cannot(`make the link ${link}`, error);
  }
}

/** The error of a refused system call, in one line. */
export function cannot(attempted: string, error: unknown): HostError {
  const { errno, message } = error as NodeJS.ErrnoException;
  return new HostError(attempted, errno === undefined ? message : errnoText(-errno), { cause: error });
}
