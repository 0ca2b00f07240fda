/** What happens while a live view waits, in its order. */
export class EventQueue<T> {
  private waiting: T[] = [];
  private wake: () => void = () => {};

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
    return events;
  }
}
