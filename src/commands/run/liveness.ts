/** Whether looks at the documents and the table go on: systemd restarts an agent of which this cannot be said. */

/** Milliseconds for a look, beyond the time until it is due. */
const LOOK_PATIENCE = 60_000;

export class Liveness {
  /** When the last look, or its reading of documents, ended, on the clock. */
  private last = 0;
  private isReading = false;

  /**
   * @param now the clock, in milliseconds
   * @param interval milliseconds between two looks
   */
  constructor(
    private readonly now: () => number,
    private readonly interval: number,
  ) {}

  get isLooking(): boolean {
    return this.isReading || this.now() - this.last < this.interval + LOOK_PATIENCE;
  }

  looked(): void {
    this.last = this.now();
  }

  /** Names take minutes while no name server answers: the documents before are in force, and checks go on. */
  async reading<T>(read: () => Promise<T>): Promise<T> {
    this.isReading = true;
    try {
      return await read();
    } finally {
      this.isReading = false;
      this.looked();
    }
  }
}
