/** Where the agent keeps the states of servers over restarts and reboots. */
import { type AgentMemory, memoryKind, shifted } from '../../agent/memory.js';
import type { Context } from '../../context.js';
import { HostError } from '../../errors.js';
import { printable } from '../../foreign-text.js';
import { namespaceName } from '../../system/run-dir.js';
import { Store } from '../../system/store.js';
import type { Options } from '../command.js';

const DEFAULT = '/var/lib/lvsadm';

export const stateDirOption = {
  'state-dir': {
    type: 'directory',
    describe: 'directory in which the states of servers outlive the agent',
    defaultText: `LVSADM_STATE_DIR, or ${DEFAULT}`,
  },
} as const satisfies Options;

/** The file has times of day; the agent's clock starts with the process. */
export class MemoryStore {
  private readonly store: Store;
  /** The failure that was told last. */
  private told: string | undefined;
  private readonly warn = (line: string): void => void this.context.err.write(`lvsadm: ${printable(line)}\n`);

  constructor(
    private readonly context: Context,
    stateDir: string | undefined,
  ) {
    const { env, files } = context;
    const directory = stateDir ?? (env['LVSADM_STATE_DIR'] || DEFAULT);
    const { warn } = this;
    this.store = new Store({ env, files, warn }, `${directory}/agent${suffix(context)}.json`);
  }

  read(): AgentMemory {
    return shifted(this.store.read(memoryKind), -this.offset, this.context.now());
  }

  /** A disk that is full is told once, and keeps no server from being taken out. */
  readonly write = (memory: AgentMemory): void => {
    try {
      this.store.replace(memoryKind, shifted(memory, this.offset, this.context.date().getTime()));
      this.told = undefined;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      if (error.message !== this.told) this.warn(error.message);
      this.told = error.message;
    }
  };

  /** From the agent's clock to the time of day. */
  private get offset(): number {
    return this.context.date().getTime() - this.context.now();
  }
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
