/** The store of what one command leaves for a later one, as command lines name its directory. */

import type { Context } from '../../context.js';
import { printable } from '../../foreign-text.js';
import { Store } from '../../system/store.js';
import type { Options } from '../command.js';

export const runDirOption = {
  'run-dir': {
    type: 'directory',
    describe: 'directory of the state that later commands need',
    defaultText: 'LVSADM_RUN, /run/lvsadm, or lvsadm in XDG_RUNTIME_DIR',
  },
} as const satisfies Options;

/** @param state file that is used instead of those in the directory */
export function openStore(context: Context, runDir?: string, state?: string): Store {
  const { env, files, err } = context;
  return new Store(
    { env, files, runDir, warn: (line) => void err.write(`lvsadm: ${printable(line)}\n`) },
    state,
  );
}
