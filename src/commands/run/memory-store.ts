/** Where the agent keeps the states of servers over restarts and reboots. */
import { type AgentMemory, memoryKind, shifted } from '../../agent/memory.js';
import type { Context } from '../../context.js';
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

  constructor(
    private readonly context: Context,
    stateDir: string | undefined,
  ) {
    const { env, files, err } = context;
    const directory = stateDir ?? (env['LVSADM_STATE_DIR'] || DEFAULT);
    const warn = (line: string) => void err.write(`lvsadm: ${printable(line)}\n`);
    this.store = new Store({ env, files, warn }, `${directory}/agent${suffix(context)}.json`);
  }

  read(): AgentMemory {
    return shifted(this.store.read(memoryKind), -this.offset, this.context.now());
  }

  readonly write = (memory: AgentMemory): void =>
    this.store.replace(memoryKind, shifted(memory, this.offset, this.context.date().getTime()));

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
