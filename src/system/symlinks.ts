/** Symbolic links that give the program further names. */
import { lstat, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { cannot } from '../errors.js';

/**
 * The target of a link. In the directory of the file it is the bare name, so that both can be moved together: into a package, or
 * with the directory.
 */
const targetOf = (link: string, file: string): string =>
  dirname(link) === dirname(file) ? basename(file) : file;

/** `taken`: another file has the name; `directory`: a directory, which no link can replace. */
export type LinkState = 'free' | 'ours' | 'taken' | 'directory';

/** @param file absolute, as `link` is */
export async function stateOfLink(link: string, file: string): Promise<LinkState> {
  const stat = await lstat(link).catch(() => undefined);
  if (stat === undefined) return 'free';
  if (stat.isDirectory()) return 'directory';
  if (!stat.isSymbolicLink()) return 'taken';
  return resolve(dirname(link), await readlink(link)) === file ? 'ours' : 'taken';
}

/** Creates or replaces the link by a rename, so that the name always exists. @throws HostError */
export const makeLink = (link: string, file: string): Promise<void> => makeLinks([link], file);

/**
 * Creates or replaces links, each by a rename. All are made under other names first: whatever keeps one of them from being made
 * shows before a name changes.
 * @throws HostError
 */
export async function makeLinks(links: readonly string[], file: string): Promise<void> {
  const fresh = (link: string): string => `${link}.${process.pid}`;
  try {
    for (const link of links) await attempt(link, () => symlink(targetOf(link, file), fresh(link)));
    for (const link of links) await attempt(link, () => rename(fresh(link), link));
  } finally {
    for (const link of links) await rm(fresh(link), { force: true }).catch(() => {});
  }
}

const attempt = (link: string, step: () => Promise<void>): Promise<void> =>
  step().catch((error) => {
    throw cannot(`make the link ${link}`, error);
  });
