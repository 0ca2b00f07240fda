/** The sockets at which the agent listens. One that cannot be opened is told once, and tried again: checks do not need it. */
import { HostError } from '../../errors.js';

export interface Listener {
  close(): Promise<void> | void;
}

/** @throws HostError if nothing can listen there */
export type OpenListener = () => Promise<Listener>;

export class Listeners {
  private readonly opened: Listener[] = [];
  private readonly told = new Set<string>();

  constructor(
    private waiting: readonly OpenListener[],
    private readonly tell: (problem: string) => void,
  ) {}

  /** Opens those that are not open yet. */
  async open(): Promise<void> {
    const refused: OpenListener[] = [];
    for (const open of this.waiting) {
      try {
        this.opened.push(await open());
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        if (!this.told.has(error.message)) this.tell(error.message);
        this.told.add(error.message);
        refused.push(open);
      }
    }
    this.waiting = refused;
  }

  async close(): Promise<void> {
    await Promise.all(this.opened.map((listener) => listener.close()));
  }
}
