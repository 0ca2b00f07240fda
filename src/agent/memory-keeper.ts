/** When the agent's memory is written: before the weights that follow from it, and now and then how far results have counted. */
import type { Clock } from '../system/clock.js';
import { type AgentMemory, plainMemory } from './memory.js';

/** Most milliseconds until a change is written for which no weight is set. */
const SOON = 1000;

/** Least milliseconds between two writings of counts: a server that flaps must not keep the disk busy. */
const COUNTS = 30_000;

export class MemoryKeeper {
  private isDue = false;
  private timer: { readonly at: number; cancel(): void } | undefined;
  /** What was written last. */
  private text: string | undefined;

  /**
   * @param memory as it is now; undefined before there is one
   * @param write as a whole, also if the machine loses its power a moment later
   */
  constructor(
    private readonly clock: Clock,
    private readonly memory: () => AgentMemory | undefined,
    private readonly write: (memory: AgentMemory) => void,
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

  /** Writes what `changed` has told. */
  flush(): void {
    if (this.isDue) this.writeNow();
  }

  /** Writes all that is not written yet. */
  stop(): void {
    if (this.timer !== undefined) this.writeNow();
  }

  private writeWithin(pause: number): void {
    const at = this.clock.now() + pause;
    if (this.timer !== undefined && this.timer.at <= at) return;
    this.timer?.cancel();
    this.timer = { at, cancel: this.clock.after(pause, () => this.writeNow()) };
  }

  private writeNow(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.isDue = false;
    const memory = this.memory();
    const text = memory && JSON.stringify(plainMemory(memory));
    if (memory === undefined || text === this.text) return;
    this.text = text;
    this.write(memory);
  }
}
