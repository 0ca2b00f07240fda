import { failureText } from '../shared/reading-client.js';

/** Milliseconds of waiting after which a line says for what. */
const TOLD = 500;

/** Hands events to a program, one after the other. */
export class ProgramQueue {
  private readonly waiting: string[] = [];
  private dropped = 0;
  private working: Promise<void> | undefined;
  private readonly end = new AbortController();

  constructor(
    private readonly limit: number,
    /** Hands one event over. @param stop the request to stop. @returns the reason if the program failed */
    private readonly run: (event: string, stop: AbortSignal) => Promise<string | undefined>,
    private readonly tell: (line: string) => void,
  ) {}

  /** Never waits: with too many events in the queue this one is dropped, and counted. */
  push(event: string): void {
    if (this.waiting.length >= this.limit) {
      if (this.dropped++ === 0)
        this.tell(`the program is slower than the changes: ${this.limit} events wait`);
      return;
    }
    this.waiting.push(event);
    this.working ??= this.work();
  }

  /** Waits for the program that runs, a while, and starts no other one. */
  async stop(): Promise<void> {
    this.end.abort();
    const wait = setTimeout(() => this.tell('the program has 5 s to end; another signal kills it'), TOLD);
    await this.working;
    clearTimeout(wait);
    this.dropped += this.waiting.length;
    this.tellDropped();
  }

  private async work(): Promise<void> {
    for (
      let next = this.waiting.shift();
      next !== undefined;
      next = this.end.signal.aborted ? undefined : this.waiting.shift()
    ) {
      const failure = await this.run(next, this.end.signal).catch(failureText);
      if (failure !== undefined) this.tell(failure);
    }
    this.working = undefined;
    if (!this.end.signal.aborted) this.tellDropped();
  }

  private tellDropped(): void {
    if (this.dropped > 0) this.tell(`${this.dropped} events were not handed to the program`);
    this.dropped = 0;
  }
}
