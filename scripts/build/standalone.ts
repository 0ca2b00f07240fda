/** npm run build:standalone, build:arm64, build:musl: one executable without Node.js and node_modules, compiled with Bun. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { crossOptions, findBun, isLibc, isProcessor, processorNames, type Target } from './bun.js';
import { constants, isMain, nowhere, root, yargsWidth } from './project.js';
import { startCode, withStart } from './start.js';

/**
 * The executable for a target: `dist/standalone/lvsadm` for this machine, `dist/standalone/arm64/lvsadm` and
 * `dist/standalone/x64-musl/lvsadm` for others.
 */
export const standaloneFileFor = ({ processor, libc }: Target): string => {
  const isOwn = libc === undefined && (processor ?? process.arch) === process.arch;
  const directory = [processor ?? process.arch, ...(libc === undefined ? [] : [libc])].join('-');
  return join(root, 'dist/standalone', isOwn ? '' : directory, 'lvsadm');
};

export const standaloneFile = standaloneFileFor({});

export interface StandaloneBuild extends Target {
  /** The program's first file. */
  readonly entry?: string | undefined;
  /** The file to write. */
  readonly target?: string | undefined;
}

/** @throws Error if there is no Bun for this machine, or it does not build */
export function buildStandalone({
  entry = 'bin/lvsadm-standalone.ts',
  processor,
  libc,
  target = standaloneFileFor({ processor, libc }),
}: StandaloneBuild = {}): void {
  const bun = findBun();
  if (bun === undefined) {
    throw new Error(`the bun package brought no executable for ${process.platform} ${process.arch}`);
  }
  const file = resolve(root, target);
  const options = [
    '--compile',
    ...crossOptions({ processor, libc }),
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

/** `standalone.js [--processor PROCESSOR] [--libc LIBRARY] [ENTRY TARGET]` */
function parseOptions(words: readonly string[]): StandaloneBuild {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: { processor: { type: 'string' }, libc: { type: 'string' } },
    allowPositionals: true,
  });
  const { processor, libc } = values;
  if (processor !== undefined && !isProcessor(processor))
    throw new Error(`no executable for '${processor}': expected ${processorNames.join(' or ')}`);
  if (libc !== undefined && !isLibc(libc))
    throw new Error(`no executable for '${libc}': expected glibc or musl`);
  const [entry, target] = positionals;
  return { entry, target, processor, libc };
}

if (isMain(import.meta.filename)) {
  try {
    buildStandalone(parseOptions(process.argv.slice(2)));
  } catch (error) {
    process.stderr.write(`lvsadm: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
