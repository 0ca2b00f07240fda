/** A clock that moves only when a test says so. */
import type { Clock } from '../../src/agent/check-schedule.js';
import { DueQueue } from '../../src/agent/due-queue.js';

interface Timer {
  readonly at: number;
  call: (() => void) | undefined;
}

export class ManualClock implements Clock {
  private time = 0;
  private readonly timers = new DueQueue<Timer>();

  now(): number {
    return this.time;
  }

  after(milliseconds: number, call: () => void): () => void {
    const timer: Timer = { at: this.time + milliseconds, call };
    this.timers.add(timer, timer.at);
    return () => {
      timer.call = undefined;
    };
  }

  /** Lets this many milliseconds pass; after each timer all promises that it settled are carried out. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await settled();
    while ((this.timers.next ?? Number.POSITIVE_INFINITY) <= end) {
      const timer = this.timers.take();
      if (timer?.call === undefined) continue;
      this.time = Math.max(this.time, timer.at);
      timer.call();
      await settled();
    }
    this.time = end;
  }
}

/** Lets all promises be carried out that wait for no timer and no system call. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
