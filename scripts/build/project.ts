/** The project's folder and version, for scripts that run from build/. */
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../../..');

export const version: string = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;

const git = (...args: string[]): string =>
  spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';

/** The time of the newest commit, the same in every build of it; outside of a checkout, of the version. In seconds since 1970. */
export const epoch: number =
  Number(git('log', '-1', '--format=%ct')) || Math.floor(statSync(join(root, 'package.json')).mtimeMs / 1000);

/** The day of `epoch`, in UTC: `2026-11-29`. */
export const date: string = new Date(epoch * 1000).toISOString().slice(0, 10);

/** The newest commit, with `-dirty` after it if files differ from it; empty outside of a checkout. */
export const commit: string = git('describe', '--always', '--dirty', '--abbrev=40', '--exclude=*');

/** What the bundlers put in place of the names in src/version.ts. */
export const constants: Readonly<Record<string, string>> = {
  LVSADM_VERSION: JSON.stringify(version),
  LVSADM_DATE: JSON.stringify(date),
  LVSADM_COMMIT: JSON.stringify(commit),
};

/** Whether the file of a module is the script that Node was started with. */
export const isMain = (file: string): boolean => realpathSync(process.argv[1] ?? '') === file;

/**
 * Where the packages of a bundle are told that they lie. yargs reads the package.json that it finds from there on upwards; without a
 * folder of packages in its path, from the working directory on, which may be anybody's. Nobody can make files below /proc.
 */
export const nowhere = 'file:///proc/lvsadm/node_modules/package/module.js';

/**
 * What yargs reads for the width of its help, which lvsadm does not use: the runtime makes a pipe non-blocking when its stream is looked
 * at, for all processes that write to it.
 */
export const yargsWidth = 'process.stdout.columns';
