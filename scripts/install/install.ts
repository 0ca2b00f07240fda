/** Puts the standalone executable, and what belongs to it, below a prefix; and takes it away again. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HostError } from '../../src/errors.js';
import { makeLink, stateOfLink } from '../../src/system/symlinks.js';
import { type Installed, layout } from './layout.js';
import { isInPlace, makeDirectory, place, remove } from './place.js';

export interface Wish {
  /** Absolute; where it will be found. */
  readonly prefix: string;
  /** What is put in front of it for now, while a package is made. */
  readonly staging: string;
  readonly dryRun: boolean;
  /** Whether the names of ipvsadm come with it. */
  readonly links: boolean;
  /** Replace what stands under one of these names and is not lvsadm's. */
  readonly force: boolean;
}

export interface Means {
  /** The executable. */
  readonly program: Uint8Array;
  /** What it prints, called with these words. */
  readonly written: (words: readonly string[]) => Promise<Uint8Array>;
  readonly say: (line: string) => void;
}

const below = ({ staging, prefix }: Wish, path: string): string => join(staging, prefix, path);

/** A link, the file that it leads to, and whether something else has that name. */
interface Link {
  readonly path: string;
  readonly file: string;
  readonly state: 'free' | 'ours' | 'taken';
}

async function linksOf({ path, links, alike }: Installed, wish: Wish): Promise<Link[]> {
  const file = below(wish, path);
  return Promise.all(
    links.map(async (name) => {
      const link = join(dirname(file), name);
      const state = await stateOfLink(link, file);
      const shadowed = state === 'free' && alike.some((ending) => existsSync(link + ending));
      return { path: link, file, state: shadowed ? 'taken' : state };
    }),
  );
}

/** @throws HostError, before anything was touched where a program of another's would be lost */
export async function install(wish: Wish, { program, written, say }: Means): Promise<void> {
  const done = wish.dryRun ? 'would install' : 'installed';
  await refuseTaken(wish);
  for (const item of layout) {
    const path = below(wish, item.path);
    const content = item.writtenBy === undefined ? program : await written(item.writtenBy);
    if (await isInPlace(path, content, item.mode)) say(`unchanged     ${path}`);
    else {
      if (!wish.dryRun) await place(path, content, item.mode);
      say(`${done.padEnd(13)} ${path}`);
    }
    if (wish.links) await installLinks(item, wish, say);
  }
}

/** The programs' names decide: scripts that call them would get another program. */
async function refuseTaken(wish: Wish): Promise<void> {
  if (!wish.links || wish.force) return;
  const programs = layout.filter(({ writtenBy }) => writtenBy === undefined);
  const links = (await Promise.all(programs.map((item) => linksOf(item, wish)))).flat();
  const taken = links.find(({ state }) => state === 'taken');
  if (taken === undefined) return;
  throw new HostError(
    `make the link ${taken.path}`,
    'something else stands there; --force replaces it, --no-links leaves it and installs lvsadm alone',
  );
}

async function installLinks(item: Installed, wish: Wish, say: Means['say']): Promise<void> {
  for (const { path, file, state } of await linksOf(item, wish)) {
    const arrow = `${path} -> ${basename(file)}`;
    if (state === 'ours') say(`unchanged     ${arrow}`);
    else if (state === 'taken' && !wish.force) say(`left alone    ${path}, which is not lvsadm's`);
    else {
      if (!wish.dryRun) {
        await makeDirectory(dirname(path));
        await makeLink(path, file);
      }
      say(`${wish.dryRun ? 'would link' : 'linked'}${wish.dryRun ? '' : '    '}    ${arrow}`);
    }
  }
}

/** Takes away what `install` put there; directories stay, as others may use them. @throws HostError */
export async function uninstall(wish: Wish, say: Means['say']): Promise<void> {
  const done = wish.dryRun ? 'would remove' : 'removed';
  for (const item of layout) {
    const links = (await linksOf(item, wish)).filter(({ state }) => state === 'ours');
    for (const path of [...links.map((link) => link.path), below(wish, item.path)]) {
      if (wish.dryRun ? existsSync(path) : await remove(path)) say(`${done.padEnd(13)} ${path}`);
    }
  }
}
