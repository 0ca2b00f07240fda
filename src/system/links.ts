/** Links under which a file is found by other names, and whose they are. */
import { lstat, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { errnoText, HostError } from '../errors.js';

/** The names of ipvsadm's programs, by which lvsadm can be called. */
export const programNames = ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore'] as const;

/**
 * How a link is written. Beside the file it is the bare name, so that the two can be moved together: into a package, or with
 * the directory.
 */
const targetOf = (link: string, file: string): string =>
  dirname(link) === dirname(file) ? basename(file) : file;

/** `taken` by something else, which a link would replace. */
export type LinkState = 'free' | 'ours' | 'taken';

/** @param file absolute, as `link` is */
export async function stateOfLink(link: string, file: string): Promise<LinkState> {
  const stat = await lstat(link).catch(() => undefined);
  if (stat === undefined) return 'free';
  if (!stat.isSymbolicLink()) return 'taken';
  return resolve(dirname(link), await readlink(link)) === file ? 'ours' : 'taken';
}

/** Never leaves a moment without the name: the link is made beside it and renamed over it. @throws HostError */
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

/** What the system refused, in one line. */
export function cannot(attempted: string, error: unknown): HostError {
  const { errno, message } = error as NodeJS.ErrnoException;
  return new HostError(attempted, errno === undefined ? message : errnoText(-errno), { cause: error });
}
