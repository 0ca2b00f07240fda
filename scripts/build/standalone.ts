/** npm run build:standalone, build:arm64: one executable without Node.js and node_modules, compiled with Bun. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { crossOptions, findBun, isProcessor, type Processor, processorNames } from './bun.js';
import { constants, isMain, nowhere, root, yargsWidth } from './project.js';
import { startCode, withStart } from './start.js';

/** The executable for a processor: `dist/standalone/lvsadm` for this one, `dist/standalone/arm64/lvsadm` for another. */
export const standaloneFileFor = (processor: NodeJS.Architecture): string =>
  join(root, 'dist/standalone', processor === process.arch ? '' : processor, 'lvsadm');

export const standaloneFile = standaloneFileFor(process.arch);

export interface StandaloneBuild {
  /** The program's first file. */
  readonly entry?: string | undefined;
  /** The file to write. */
  readonly target?: string | undefined;
  /** That the executable is for; by default the one that builds. */
  readonly processor?: Processor | undefined;
}

/** @throws Error if there is no Bun for this machine, or it does not build */
export function buildStandalone({
  entry = 'bin/lvsadm-standalone.ts',
  processor,
  target = standaloneFileFor(processor ?? process.arch),
}: StandaloneBuild = {}): void {
  const bun = findBun();
  if (bun === undefined) {
    throw new Error(`the bun package brought no executable for ${process.platform} ${process.arch}`);
  }
  const file = resolve(root, target);
  const options = [
    '--compile',
    ...(processor === undefined ? [] : crossOptions(processor)),
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
    ...Object.entries(constants).map(([name, value]) => `--define=${name}=${value}`),
  ];
  const args = ['build', ...options, resolve(root, entry), '--outfile', file];
  const { status, error } = spawnSync(bun, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) throw error;
  if (status !== 0) throw new Error(`bun build ended with status ${status}`);
  const code = startCode(processor ?? process.arch);
  if (code !== undefined) writeFileSync(file, withStart(readFileSync(file), code));
}

/** `standalone.js [--processor PROCESSOR] [ENTRY TARGET]` */
function parseOptions(words: readonly string[]): StandaloneBuild {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: { processor: { type: 'string' } },
    allowPositionals: true,
  });
  const { processor } = values;
  if (processor !== undefined && !isProcessor(processor))
    throw new Error(`no executable for '${processor}': expected ${processorNames.join(' or ')}`);
  const [entry, target] = positionals;
  return { entry, target, processor };
}

if (isMain(import.meta.filename)) {
  try {
    buildStandalone(parseOptions(process.argv.slice(2)));
  } catch (error) {
    process.stderr.write(`lvsadm: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
