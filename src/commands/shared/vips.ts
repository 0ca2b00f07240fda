/** Virtual addresses on a command line: `--vip A --vip B`, `--vip A,B` and `--vip A B` mean the same. */
import type { Positional } from '../command.js';

export const vipOption = { type: 'vips', many: true } as const;

/** The words after `--vip A`. */
export const moreVips = {
  type: 'vips',
  many: true,
  describe: 'further VIPs, after the one of --vip',
} as const satisfies Positional;

interface Vips {
  readonly vip: readonly (readonly string[])[];
  readonly more: readonly (readonly string[])[];
}

/** All of them, canonical, each once. */
export const vipsOf = ({ vip, more }: Vips): string[] => [...new Set([...vip, ...more].flat())];
