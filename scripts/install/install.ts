/** Installs the standalone executable, its links, manual page and completions below a prefix; and removes them again. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HostError } from '../../src/errors.js';
import { type LinkState, makeLink, stateOfLink } from '../../src/system/files/symlinks.js';
import { type Installed, layout } from './layout.js';
import { isCurrent, makeDirectory, removeFile, replaceFile } from './replace-file.js';

export interface Options {
  /** Absolute path. */
  readonly prefix: string;
  /** Put in front of the prefix, to make a package; empty otherwise. */
  readonly staging: string;
  readonly dryRun: boolean;
  /** Whether to make links under ipvsadm's names. */
  readonly links: boolean;
  /** Replace files under these names that are not lvsadm's. */
  readonly force: boolean;
}

export interface Program {
  /** The executable. */
  readonly program: Uint8Array;
  /** Its output with these arguments. */
  readonly written: (words: readonly string[]) => Promise<Uint8Array>;
  readonly say: (line: string) => void;
}

const below = ({ staging, prefix }: Options, path: string): string => join(staging, prefix, path);

/** A link, its target, and whether something else has that name. */
interface Link {
  readonly path: string;
  readonly file: string;
  readonly state: LinkState;
}

async function linksOf({ path, links, alike }: Installed, options: Options): Promise<Link[]> {
  const file = below(options, path);
  return Promise.all(
    links.map(async (name) => {
      const link = join(dirname(file), name);
      const state = await stateOfLink(link, file);
      const shadowed = state === 'free' && alike.some((ending) => existsSync(link + ending));
      return { path: link, file, state: shadowed ? 'taken' : state };
    }),
  );
}

/** @throws HostError; before any change if it would replace a program that is not lvsadm's */
export async function install(options: Options, { program, written, say }: Program): Promise<void> {
  const done = options.dryRun ? 'would install' : 'installed';
  await refuseTaken(options);
  for (const item of layout) {
    const path = below(options, item.path);
    const content = item.writtenBy === undefined ? program : await written(item.writtenBy);
    if (await isCurrent(path, content, item.mode)) say(`unchanged     ${path}`);
    else {
      if (!options.dryRun) await replaceFile(path, content, item.mode);
      say(`${done.padEnd(13)} ${path}`);
    }
    if (options.links) await installLinks(item, options, say);
  }
}

/** The programs' names decide: scripts that call them would get another program. */
async function refuseTaken(options: Options): Promise<void> {
  if (!options.links) return;
  const programs = layout.filter(({ writtenBy }) => writtenBy === undefined);
  const links = (await Promise.all(programs.map((item) => linksOf(item, options)))).flat();
  const blocked = links.find(({ state }) => state === 'directory');
  if (blocked !== undefined) {
    throw new HostError(
      `make the link ${blocked.path}`,
      'a directory stands there; --no-links installs lvsadm alone',
    );
  }
  const taken = options.force ? undefined : links.find(({ state }) => state === 'taken');
  if (taken === undefined) return;
  throw new HostError(
    `make the link ${taken.path}`,
    'something else stands there; --force replaces it, --no-links leaves it and installs lvsadm alone',
  );
}

async function installLinks(item: Installed, options: Options, say: Program['say']): Promise<void> {
  for (const { path, file, state } of await linksOf(item, options)) {
    const arrow = `${path} -> ${basename(file)}`;
    if (state === 'ours' || state === 'itself') say(`unchanged     ${arrow}`);
    else if (state === 'directory' || (state === 'taken' && !options.force))
      say(`left alone    ${path}, which is not lvsadm's`);
    else {
      if (!options.dryRun) {
        await makeDirectory(dirname(path));
        await makeLink(path, file);
      }
      say(`${(options.dryRun ? 'would link' : 'linked').padEnd(13)} ${arrow}`);
    }
  }
}

/** Removes the files and links of `install`; directories stay, as others may use them. @throws HostError */
export async function uninstall(options: Options, say: Program['say']): Promise<void> {
  const done = options.dryRun ? 'would remove' : 'removed';
  for (const item of layout) {
    const links = (await linksOf(item, options)).filter(({ state }) => state === 'ours');
    for (const path of [...links.map((link) => link.path), below(options, item.path)]) {
      if (options.dryRun ? existsSync(path) : await removeFile(path)) say(`${done.padEnd(13)} ${path}`);
    }
  }
}
