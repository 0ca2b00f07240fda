/** The stores of what one command leaves for a later one, as command lines name their directories. */

import type { Context } from '../../context.js';
import { printable } from '../../foreign-text.js';
import { namespaceName } from '../../system/run-dir.js';
import { type StateKind, Store } from '../../system/store.js';
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
  const { env, files } = context;
  return new Store({ env, files, runDir, warn: warning(context) }, state);
}

const LASTING = '/var/lib/lvsadm';

export const stateDirOption = {
  'state-dir': {
    type: 'directory',
    describe: 'directory of the state that outlives a reboot',
    defaultText: `LVSADM_STATE_DIR, or ${LASTING}`,
  },
} as const satisfies Options;

/** The store of one kind of state that outlives a reboot, in a file of its own. @param stateDir as the command line names it */
export function openLastingStore<T>(
  context: Context,
  { name }: Pick<StateKind<T>, 'name'>,
  stateDir: string | undefined,
): Store {
  const { env, files } = context;
  const directory = stateDir ?? (env['LVSADM_STATE_DIR'] || LASTING);
  return new Store({ env, files, warn: warning(context) }, `${directory}/${name}${suffix(context)}.json`);
}

/** The first process's namespace is the same after a reboot; another one is not. */
function suffix({ files }: Context): string {
  try {
    const [own, first] = ['self', '1'].map((pid) => files.readlinkSync(`/proc/${pid}/ns/net`));
    if (own === first) return '';
  } catch {
    // Only root sees the namespace of the first process.
  }
  return `-${namespaceName(files)}`;
}

const warning =
  ({ err }: Context) =>
  (line: string): void =>
    void err.write(`lvsadm: ${printable(line)}\n`);
