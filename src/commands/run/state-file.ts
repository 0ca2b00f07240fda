/** State that outlives its process and a reboot: a file for each kind and network namespace, which one process writes. */
import type { Context } from '../../context.js';
import { HostError } from '../../errors.js';
import { printable } from '../../foreign-text.js';
import { namespaceName } from '../../system/run-dir.js';
import { type StateKind, Store } from '../../system/store.js';
import type { Options } from '../command.js';

const DEFAULT = '/var/lib/lvsadm';

export const stateDirOption = {
  'state-dir': {
    type: 'directory',
    describe: 'directory in which the states of servers outlive the agent',
    defaultText: `LVSADM_STATE_DIR, or ${DEFAULT}`,
  },
} as const satisfies Options;

export class StateFile<T> {
  private readonly store: Store;
  /** The failure that was told last. */
  private told: string | undefined;
  private readonly warn = (line: string): void => void this.context.err.write(`lvsadm: ${printable(line)}\n`);

  constructor(
    private readonly context: Context,
    stateDir: string | undefined,
    private readonly kind: StateKind<T>,
  ) {
    const { env, files } = context;
    const directory = stateDir ?? (env['LVSADM_STATE_DIR'] || DEFAULT);
    const { warn } = this;
    this.store = new Store({ env, files, warn }, `${directory}/${kind.name}${suffix(context)}.json`);
  }

  read(): T {
    return this.store.read(this.kind);
  }

  /** A disk that is full is told once, and keeps no work from being done. */
  readonly write = (state: T): void => {
    try {
      this.store.replace(this.kind, state);
      this.told = undefined;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      if (error.message !== this.told) this.warn(error.message);
      this.told = error.message;
    }
  };
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
