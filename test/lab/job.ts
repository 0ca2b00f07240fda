// The job: what the host tells the guest to do, as shell that boot/main reads.

import { join } from 'node:path';
import type { Kernel } from './kernel.js';

export interface Job {
  command: string[];
  /** The command's whole environment. */
  env: Record<string, string>;
  /** Where the command starts. */
  directory: string;
  kernel: Kernel;
  /** A directory of the host that the guest may write to, under the same path. */
  out?: string | undefined;
  /** Whether the command gets a standard input to read; otherwise it is empty. */
  stdin: boolean;
  /** The terminal's size for an interactive command. */
  terminal?: { rows: number; columns: number } | undefined;
  /** Whether the guest gets a fresh /run: not where something that it needs lies there. */
  freshRun: boolean;
}

/** A word that the shell takes literally. */
export const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

export function jobScript(job: Job): string {
  const { rows, columns } = job.terminal ?? {};
  const settings = {
    modules: join(job.kernel.root, 'lib/modules', job.kernel.release),
    release: job.kernel.release,
    out: job.out ?? '',
    stdin: job.stdin ? 'yes' : '',
    run: job.freshRun ? 'yes' : '',
    tty: job.terminal ? `rows ${rows} columns ${columns}` : '',
  };
  const env = Object.entries(job.env).map(([name, value]) => quote(`${name}=${value}`));
  return [
    ...Object.entries(settings).map(([name, value]) => `${name}=${quote(value)}`),
    // "$@" is how to start a session: with the terminal or without. The absolute path is for busybox, which prefers its
    // own applets to programs of the same name: `ip` would not be iproute2's.
    `job() { cd ${quote(job.directory)} && exec $b "$@" /usr/bin/env -i ${[...env, ...job.command.map(quote)].join(' ')}; }`,
    '',
  ].join('\n');
}
