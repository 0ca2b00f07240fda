/** When the agent's memory is written: before the weights that follow from it, and now and then how far results have counted. */
import type { Clock } from '../system/clock.js';
import { type AgentMemory, plainMemory } from './memory.js';

/** Most milliseconds until a change is written for which no weight is set. */
const SOON = 1000;

/** Least milliseconds between two writings of counts: a server that flaps must not keep the disk busy. */
const COUNTS = 30_000;

export interface MemoryPorts {
  readonly clock: Clock;
  /**
   * Writes down what a restart needs to know, as a whole, also if the machine loses its power a moment later. Resolves when it is
   * written, or the disk has taken too long: weights that follow from it are set then.
   * @returns why it is not kept
   */
  remember(memory: AgentMemory): Promise<string | undefined>;
  /** Called with an error that is a bug. */
  fail(error: unknown): void;
}

export class MemoryKeeper {
  private isDue = false;
  private isOver = false;
  private timer: { readonly at: number; cancel(): void } | undefined;
  /** What was written last. */
  private text: string | undefined;
  private writing: Promise<void> = Promise.resolve();

  /** @param memory as it is now; undefined before there is one */
  constructor(
    private readonly ports: MemoryPorts,
    private readonly memory: () => AgentMemory | undefined,
  ) {}

  /** Weights or programs follow from what has changed. */
  changed(): void {
    this.isDue = true;
    this.writeWithin(SOON);
  }

  /** A result has counted, and changed no state yet. */
  counted(): void {
    this.writeWithin(COUNTS);
  }

  /** Writes what `changed` has told. Resolves when it is written, or the disk is too slow. */
  async flush(): Promise<void> {
    if (this.isDue) this.writeNow();
    await this.writing;
  }

  /** Writes all that is not written yet. */
  async stop(): Promise<void> {
    this.isOver = true;
    if (this.timer !== undefined) this.writeNow();
    await this.writing;
  }

  private writeWithin(pause: number): void {
    const { clock } = this.ports;
    const at = clock.now() + pause;
    if (this.timer !== undefined && this.timer.at <= at) return;
    this.timer?.cancel();
    this.timer = { at, cancel: clock.after(pause, () => this.writeNow()) };
  }

  private writeNow(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.isDue = false;
    const memory = this.memory();
    const text = memory && JSON.stringify(plainMemory(memory));
    if (memory === undefined || text === this.text) return;
    this.text = text;
    const ended = Promise.all([this.writing, this.write(memory)]).then(() => {});
    this.writing = ended.catch(this.ports.fail);
  }

  /** What was not kept is tried again later. */
  private async write(memory: AgentMemory): Promise<void> {
    const failure = await this.ports.remember(memory);
    if (failure === undefined) return;
    this.text = undefined;
    if (!this.isOver) this.counted();
  }
}
