/** What happens while a live view waits, in its order. */
export class EventQueue<T> {
  private waiting: T[] = [];
  private wake: () => void = () => {};
  private readonly takers: (() => void)[] = [];

  push(event: T): void {
    this.waiting.push(event);
    this.wake();
  }

  /** All that happened since the last call: at least one event, which it waits for. */
  async next(): Promise<T[]> {
    while (this.waiting.length === 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const events = this.waiting;
    this.waiting = [];
    for (const resolve of this.takers.splice(0)) resolve();
    return events;
  }

  /** Settles when all events that wait now have been taken: at once if there are none. */
  taken(): Promise<void> {
    return new Promise((resolve) => {
      if (this.waiting.length === 0) resolve();
      else this.takers.push(resolve);
    });
  }
}
