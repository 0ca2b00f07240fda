/** Bun, which compiles the executable: where its packages bring it, for this machine and for others. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
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

/**
 * What makes `bun build` compile for another processor; nothing for this one. Its Bun comes from the npm registry, at the version in
 * package-lock.json, and is kept below build/.
 * @throws Error if it cannot be fetched, or is not the one in package-lock.json
 */
export function crossOptions(processor: Processor): string[] {
  if (processor === process.arch) return [];
  const { target } = processors[processor];
  return [`--target=${target}`, `--compile-executable-path=${fetchBun(processor)}`];
}

/** Bun of another processor, with glibc. @returns its path */
function fetchBun(processor: Processor): string {
  const name = `@oven/${processors[processor].package}`;
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const { version, integrity } = packages[`node_modules/${name}`];
  const path = join(root, `build/bun/${processor}-${version}`);
  if (!existsSync(path)) fetchFile({ name, version, integrity, path: 'bin/bun' }, path);
  return path;
}
