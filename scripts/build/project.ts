/** The project's folder and version, for scripts that run from build/. */
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../../..');

export const version: string = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;

/** Whether the file of a module is the script that Node was started with. */
export const isMain = (file: string): boolean => realpathSync(process.argv[1] ?? '') === file;
