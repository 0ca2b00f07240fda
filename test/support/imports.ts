/** Reads which files import which, from their text. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root: this file runs as build/test/support/imports.js. */
const root = resolve(fileURLToPath(import.meta.url), '../../../..');

export interface Import {
  readonly file: string;
  /** A file of the project as a path from its root, or the name of a package or module as it is written. */
  readonly target: string;
  /** Nothing of it is there when the program runs. */
  readonly typeOnly: boolean;
  /** Loaded when its line is reached, not before. */
  readonly dynamic: boolean;
}

/** The TypeScript files in a folder and below, as paths from the project's root; none where there is no folder. */
export function filesUnder(folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name))
    .sort();
}

export const importsOf = (file: string): Import[] => importsIn(file, readFileSync(join(root, file), 'utf8'));

/** `import type ... from '...'`, `import '...'`, `export ... from '...'`, at the start of a line. */
const statement = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
/** `process.getBuiltinModule('...')`, and `import('...')`: of a value, or, in the place of a type, of a type. */
const call = /(\btype\s+\w+\s*=\s*)?\b(?:import|getBuiltinModule)\(\s*['"]([^'"]+)['"]\s*\)/g;

export function importsIn(file: string, source: string): Import[] {
  const found = (pattern: RegExp, dynamic: boolean): Import[] =>
    [...source.matchAll(pattern)].map(([, type, target = '']) => {
      const typeOnly = type !== undefined;
      return { file, target: resolved(file, target), typeOnly, dynamic: dynamic && !typeOnly };
    });
  return [...found(statement, false), ...found(call, true)];
}

const resolved = (file: string, target: string): string =>
  target.startsWith('.') ? normalize(join(dirname(file), target)).replace(/\.js$/, '.ts') : target;
