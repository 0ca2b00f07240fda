/** Where the agent keeps the states of servers over restarts and reboots. */
import { type AgentMemory, memoryKind, shifted } from '../../agent/memory.js';
import type { Context } from '../../context.js';
import { bootId } from '../../system/files/run-dir.js';
import { removeOldBoots } from '../shared/store.js';
import { StateFile } from './state-file.js';

/** The file has times of day; the agent's clock starts with the process. */
export class MemoryStore {
  private readonly file: StateFile<AgentMemory>;

  constructor(
    private readonly context: Context,
    stateDir: string | undefined,
  ) {
    removeOldBoots(context, stateDir);
    this.file = new StateFile(context, stateDir, memoryKind(bootId(context.files)));
  }

  read(): AgentMemory {
    return shifted(this.file.read(), -this.offset, this.context.now());
  }

  /** @returns why it is not kept */
  readonly write = (memory: AgentMemory): Promise<string | undefined> =>
    this.file.write(shifted(memory, this.offset, this.context.date().getTime()));

  /** Waits for the disk, at the end of the process. */
  readonly idle = (): Promise<void> => this.file.idle();

  /** Why the last memory is not kept; undefined if it is. */
  get problem(): string | undefined {
    return this.file.problem;
  }

  /** From the agent's clock to the time of day. */
  private get offset(): number {
    return this.context.date().getTime() - this.context.now();
  }
}
