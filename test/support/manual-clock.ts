/** A clock that moves only when a test says so. */

import { DueQueue } from '../../src/agent/checks/due-queue.js';
import type { Clock } from '../../src/system/clock.js';

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

  /** @param isBusy whether work goes on that no timer waits for, such as a question to a kernel */
  constructor(private readonly isBusy: () => boolean = () => false) {}

  /** Lets this many milliseconds pass; after each timer all promises that it settled are carried out. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await this.settled();
    while ((this.timers.next ?? Number.POSITIVE_INFINITY) <= end) {
      const timer = this.timers.take();
      if (timer?.call === undefined) continue;
      this.time = Math.max(this.time, timer.at);
      timer.call();
      await this.settled();
    }
    this.time = end;
  }

  private async settled(): Promise<void> {
    do for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    while (this.isBusy());
  }
}
