/** Symbolic links that give the program further names. */
import { link as hardLink, lstat, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { cannot, HostError } from '../../errors.js';
import { codeOf } from './files.js';

/**
 * The target of a link. In the directory of the file it is the bare name, so that both can be moved together: into a package, or
 * with the directory.
 */
const targetOf = (link: string, file: string): string =>
  dirname(link) === dirname(file) ? basename(file) : file;

/**
 * `itself`: the file by this name, or by a hard link; `taken`: another file has the name; `directory`: a directory, which no link
 * can replace.
 */
export type LinkState = 'free' | 'ours' | 'itself' | 'taken' | 'directory';

/** @param file absolute, as `link` is */
export async function stateOfLink(link: string, file: string): Promise<LinkState> {
  const found = await lstat(link).catch(() => undefined);
  if (found === undefined) return 'free';
  if (found.isDirectory()) return 'directory';
  if (found.isSymbolicLink()) {
    return resolve(dirname(link), await readlink(link)) === file ? 'ours' : 'taken';
  }
  const program = await stat(file).catch(() => undefined);
  return program?.dev === found.dev && program.ino === found.ino ? 'itself' : 'taken';
}

/** Creates or replaces the link by a rename, so that the name always exists. @throws HostError */
export const makeLink = (link: string, file: string): Promise<void> => makeLinks([link], file);

/**
 * Creates or replaces all links or none, each by a rename. All are made under private names first, and a file that one replaces is
 * kept under one until all have their places.
 * @throws HostError
 */
export async function makeLinks(links: readonly string[], file: string): Promise<void> {
  const replacements: Replacement[] = links.map((link) => ({ link }));
  try {
    for (const each of replacements) await attempt(each.link, () => prepare(each, file));
    for (const each of replacements) await attempt(each.link, () => replace(each));
  } catch (error) {
    for (const each of replacements.toReversed()) await putBack(each, error);
    throw error;
  } finally {
    const names = replacements.flatMap(({ fresh, kept }) => [fresh, kept]);
    for (const name of names) if (name !== undefined) await rm(name, { force: true }).catch(() => {});
  }
}

/** Private names have a value as long as files of this process have them. */
interface Replacement {
  readonly link: string;
  /** The new link. */
  fresh?: string | undefined;
  /** The file that has the link's place. */
  kept?: string | undefined;
  replaced?: true;
}

async function prepare(each: Replacement, file: string): Promise<void> {
  each.fresh = await underPrivateName(each.link, (name) => symlink(targetOf(each.link, file), name));
  each.kept = await underPrivateName(each.link, (name) => hardLink(each.link, name)).catch(nothingThere);
}

async function replace(each: Replacement): Promise<void> {
  if (each.fresh === undefined) return;
  await rename(each.fresh, each.link);
  each.fresh = undefined;
  each.replaced = true;
}

/** @throws HostError that names the file that is kept, if it cannot have its place again */
async function putBack(each: Replacement, cause: unknown): Promise<void> {
  const { link, kept, replaced } = each;
  if (!replaced) return;
  // Only a rename that succeeds ends the private name: the file is never removed.
  each.kept = undefined;
  try {
    await (kept === undefined ? rm(link) : rename(kept, link));
  } catch {
    const place = kept === undefined ? 'the new link stays' : `it is ${kept} now`;
    throw new HostError(`put ${link} back`, `${place}; ${(cause as Error).message}`, { cause });
  }
}

/** Makes a file beside the path, by a name that no other file has. @returns the name. @throws errors of `make` */
export async function underPrivateName(path: string, make: (name: string) => Promise<void>): Promise<string> {
  for (let attempts = 1; ; attempts++) {
    const unique = crypto.randomUUID().slice(0, 8);
    const name = join(dirname(path), `.${basename(path)}.lvsadm-${unique}`);
    try {
      await make(name);
      return name;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || attempts === ATTEMPTS) throw error;
    }
  }
}

/** A name that is taken so often is no coincidence. */
const ATTEMPTS = 10;

function nothingThere(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}

const attempt = (link: string, step: () => Promise<void>): Promise<void> =>
  step().catch((error) => {
    throw cannot(`make the link ${link}`, error);
  });
