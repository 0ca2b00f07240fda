/** The code blocks of README and docs/. */
import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('../../../', import.meta.url);

/** Paths below the project's folder. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync(new URL('docs/', root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export const textOf = (page: string): string => readFileSync(new URL(page, root), 'utf8');

export interface Block {
  readonly page: string;
  /** The heading that it stands below. */
  readonly section: string;
  /** The first word after the backquotes: `sh`. */
  readonly language: string;
  /** The second one: the machine that the commands are for (default: director). */
  readonly machine: string;
  readonly lines: readonly string[];
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let section = '';
  let open: (Block & { readonly lines: string[] }) | undefined;
  for (const line of textOf(page).split('\n')) {
    const [, heading] = /^#+ (.*)$/.exec(line) ?? [];
    const [, info] = /^ *```(.*)$/.exec(line) ?? [];
    if (open !== undefined) {
      if (info === undefined) open.lines.push(line);
      else open = undefined;
    } else if (info !== undefined) {
      const [language = '', machine = 'director'] = info.split(' ');
      open = { page, section, language, machine, lines: [] };
      blocks.push(open);
    } else if (heading !== undefined) section = heading;
  }
  return blocks;
}

/** The blocks of all pages in this language. */
export const blocksIn = (...languages: readonly string[]): Block[] =>
  pages.flatMap(blocksOf).filter(({ language }) => languages.includes(language));
