/** npm run build:standalone: one executable without Node.js and node_modules, compiled with Bun. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { date, isMain, nowhere, root, version, yargsWidth } from './project.js';
import { startCode, withStart } from './start.js';

/**
 * Path of Bun, as its package brings it for this processor and C library; undefined if it brings none. The package's install script,
 * if npm runs it, moves the executable to where a note of some lines was.
 */
export function findBun(modules = join(root, 'node_modules')): string | undefined {
  const packages = join(modules, '@oven');
  const brought = (existsSync(packages) ? readdirSync(packages) : []).map((name) =>
    join(packages, name, 'bin/bun'),
  );
  return [...brought, join(modules, 'bun/bin/bun.exe')].find(
    (path) => existsSync(path) && statSync(path).size > NOTE,
  );
}

/** Bytes that no note has, and every executable. */
const NOTE = 1024 * 1024;

export const standaloneFile = join(root, 'dist/standalone/lvsadm');

/** @throws Error if there is no Bun for this machine, or it does not build */
export function buildStandalone(entry = 'bin/lvsadm-standalone.ts', target = standaloneFile): void {
  const bun = findBun();
  if (bun === undefined) {
    throw new Error(`the bun package brought no executable for ${process.platform} ${process.arch}`);
  }
  const file = resolve(root, target);
  const options = [
    '--compile',
    // Modules are loaded when they are imported, and none is parsed at run time.
    '--splitting',
    '--bytecode',
    '--format=esm',
    // A program for root reads no settings from the directory that it runs in.
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    '--no-compile-autoload-tsconfig',
    '--no-compile-autoload-package-json',
    `--define=import.meta.url=${JSON.stringify(nowhere)}`,
    `--define=${yargsWidth}=undefined`,
    `--define=LVSADM_VERSION=${JSON.stringify(version)}`,
    `--define=LVSADM_DATE=${JSON.stringify(date)}`,
  ];
  const args = ['build', ...options, resolve(root, entry), '--outfile', file];
  const { status, error } = spawnSync(bun, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) throw error;
  if (status !== 0) throw new Error(`bun build ended with status ${status}`);
  const code = startCode(process.arch);
  if (code !== undefined) writeFileSync(file, withStart(readFileSync(file), code));
}

if (isMain(import.meta.filename)) {
  try {
    buildStandalone(...process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`lvsadm: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
