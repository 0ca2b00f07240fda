/** Bun's own executable, which its package brought: the runtime of the standalone distribution. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const oven = join(import.meta.dirname, '../../../node_modules/@oven');

/** Undefined where there is none for this machine's processor and C library. */
export const bun: string | undefined = (existsSync(oven) ? readdirSync(oven) : [])
  .map((name) => join(oven, name, 'bin/bun'))
  .find((path) => existsSync(path));
