/** Bun, which compiles the executable: where its packages bring it, for this machine and for others. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './project.js';
import { fetchFile } from './registry.js';

/** The processors that there are executables for, and Bun's names for them: in packages, and in `--target`. */
const processors = {
  x64: { package: 'bun-linux-x64', target: 'bun-linux-x64' },
  arm64: { package: 'bun-linux-aarch64', target: 'bun-linux-arm64' },
} as const;

export type Processor = keyof typeof processors;

export const isProcessor = (name: string): name is Processor => Object.hasOwn(processors, name);

export const processorNames = Object.keys(processors) as readonly Processor[];

/** The C libraries that there are executables for, and what Bun adds to the names above. */
const endings = { glibc: '', musl: '-musl' } as const;

export type Libc = keyof typeof endings;

export const isLibc = (name: string): name is Libc => Object.hasOwn(endings, name);

/** Bytes that no note has, and every executable. */
const NOTE = 1024 * 1024;

/**
 * Path of Bun, as its package brings it for this processor and C library; undefined if it brings none. The package's install script,
 * if npm runs it, moves the executable to where a note of some lines was.
 */
export function findBun(modules = join(root, 'node_modules')): string | undefined {
  const packages = join(modules, '@oven');
  const own = isProcessor(process.arch) ? processors[process.arch].package : '';
  const brought = (existsSync(packages) ? readdirSync(packages) : [])
    .filter((name) => name.startsWith(own))
    .map((name) => join(packages, name, 'bin/bun'));
  return [...brought, join(modules, 'bun/bin/bun.exe')].find(
    (path) => existsSync(path) && statSync(path).size > NOTE,
  );
}

/** What an executable is for; by default the processor that builds, and the C library of the Bun that npm has installed. */
export interface Target {
  readonly processor?: Processor | undefined;
  readonly libc?: Libc | undefined;
}

/**
 * What makes `bun build` compile for another machine; nothing for this one. Its Bun comes from the npm registry, at the version in
 * package-lock.json, and is kept below build/.
 * @throws Error if it cannot be fetched, or is not the one in package-lock.json
 */
export function crossOptions(target: Target): string[] {
  const cross = crossTarget(target);
  return cross === undefined
    ? []
    : [`--target=${cross.target}`, `--compile-executable-path=${fetchBun(cross.package)}`];
}

/** Bun's names for another machine than this one. */
export function crossTarget({ processor = process.arch as Processor, libc }: Target) {
  if (processor === process.arch && libc === undefined) return undefined;
  const ending = endings[libc ?? 'glibc'];
  const names = processors[processor];
  return { package: `@oven/${names.package}${ending}`, target: `${names.target}${ending}` };
}

/** @returns the path of the Bun in a package */
function fetchBun(name: string): string {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const { version, integrity } = packages[`node_modules/${name}`];
  const path = join(root, `build/bun/${basename(name)}-${version}`);
  if (!existsSync(path)) fetchFile({ name, version, integrity, path: 'bin/bun' }, path);
  return path;
}
