/** The stores of what one command leaves for a later one, as command lines name their directories. */

import type { Context } from '../../context.js';
import { HostError, LockedError, UsageError } from '../../errors.js';
import { printable } from '../../foreign-text.js';
import { codeOf } from '../../system/files/files.js';
import { foreignWriterOf, isRoot } from '../../system/files/foreign-writers.js';
import { bootId, namespaceName, sharesNamespace } from '../../system/files/run-dir.js';
import type { StateKind } from '../../system/files/state-kind.js';
import { Store } from '../../system/files/store.js';
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
  const directory = lastingDirectory(env, stateDir);
  const file = `${directory}/${name}${suffix(context)}.json`;
  // Who can write there can have servers drained, and programs run.
  const distrusts = (path: string): string | undefined => {
    const foreign = isRoot() ? foreignWriterOf(path, files) : undefined;
    return foreign && `${foreign.path} may be written by ${foreign.writer} (mode ${foreign.mode})`;
  };
  return new Store({ env, files, warn: warning(context) }, file, distrusts);
}

/**
 * The first process's namespace is the same after a reboot. Of another one the numbers are given out again: its state is of one boot,
 * which has eight digits of its id in the name.
 */
const suffix = ({ files }: Context): string =>
  sharesNamespace(1, files) ? '' : `-${namespaceName(files)}${bootSuffix(files)}`;

const bootSuffix = (files: Context['files']): string => {
  const boot = bootId(files);
  return boot === undefined ? '' : `-${boot.slice(0, 8)}`;
};

/** Removes the state of other namespaces of other boots. Files that cannot be removed stay. */
export function removeOldBoots({ env, files }: Context, stateDir: string | undefined): void {
  const boot = bootSuffix(files);
  const directory = lastingDirectory(env, stateDir);
  const remove = (): void => {
    for (const name of files.readdirSync(directory)) {
      const [, ofFile] = /^[a-z]+-\d+-\d+(-[0-9a-f]{8})\.json/.exec(name) ?? [];
      if (boot !== '' && ofFile !== undefined && ofFile !== boot) files.unlinkSync(`${directory}/${name}`);
    }
  };
  try {
    remove();
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
  }
}

/** Where the agent of a network namespace keeps its lasting state: other commands without an agent are to find it. */
const directoryKind: StateKind<string | undefined> = {
  name: 'state-directory',
  empty: undefined,
  parse(value) {
    if (typeof value !== 'string') throw new Error('it holds no directory');
    return value;
  },
  format: (directory) => directory,
  loss: 'commands without an agent may look for its state elsewhere',
  expendable: true,
};

/** Has later commands know the directory of the agent that starts. Without it the agent runs all the same, after a line on standard error. */
export async function tellStateDirectory(
  context: Context,
  store: Store,
  stateDir: string | undefined,
): Promise<void> {
  try {
    await store.update(directoryKind, () => resolve(lastingDirectory(context.env, stateDir)));
  } catch (error) {
    if (!(error instanceof HostError || error instanceof LockedError)) throw error;
    warning(context)(`${error.message}; ${directoryKind.loss}`);
  }
}

/** @throws UsageError if the last agent of this boot had its state in another directory */
export function requireStateDirectory({ env }: Context, store: Store, stateDir: string | undefined): void {
  const last = store.read(directoryKind);
  const own = resolve(lastingDirectory(env, stateDir));
  if (last === undefined || last === own) return;
  throw new UsageError(`the last agent kept its state in ${printable(last)}: --state-dir names it`, own);
}

const resolve = (path: string): string => process.getBuiltinModule('node:path').resolve(path);

export const lastingDirectory = (env: Context['env'], stateDir: string | undefined): string =>
  stateDir ?? (env['LVSADM_STATE_DIR'] || LASTING);

const warning =
  ({ err }: Context) =>
  (line: string): void =>
    void err.write(`lvsadm: ${printable(line)}\n`);
