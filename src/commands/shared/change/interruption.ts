/** A request to stop (SIGINT, SIGTERM), which a command answers at its next pause; the second one ends the process at once. */
import type { Context } from '../../../context.js';
import type { Options } from '../../command.js';

export const interruptOption = {
  'on-interrupt': {
    choices: ['keep', 'restore'],
    default: 'keep',
    describe: 'weight after Ctrl-C or SIGTERM: keep the present one, or restore the one before the command',
  },
} as const satisfies Options;

/** Milliseconds after which work without pauses lets signals in. */
const UNHEARD = 100;

const statuses: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };

export class Interruption {
  private readonly signal: AbortSignal | undefined;

  private heard: number;

  constructor(private readonly context: Pick<Context, 'stopRequest' | 'sleep' | 'now'>) {
    this.signal = context.stopRequest?.();
    this.heard = context.now();
  }

  get requested(): boolean {
    return this.signal?.aborted ?? false;
  }

  /** The same for work that never waits: a signal is not heard before the event loop turns. */
  async noticed(): Promise<boolean> {
    if (this.context.now() - this.heard >= UNHEARD) {
      await this.context.sleep(0);
      this.heard = this.context.now();
    }
    return this.requested;
  }

  /** Resolves at a request: for a command whose work is in callbacks. */
  asked(): Promise<void> {
    const { signal } = this;
    return new Promise((resolve) => {
      if (signal?.aborted) resolve();
      else signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Exit status of a command that ended early: 128 and the number of the signal. */
  get status(): number {
    return statuses[String(this.signal?.reason)] ?? 130;
  }

  /** Ends early on a request; the event loop turns in any case, so that a loop around it lets signals in. */
  readonly sleep = async (milliseconds: number): Promise<void> => {
    if (this.requested) return this.context.sleep(0);
    await this.during(this.context.sleep(milliseconds));
    this.heard = this.context.now();
  };

  /** What a promise brings; undefined if the request comes first. Nothing of it is kept. */
  async during<T>(work: Promise<T>): Promise<T | undefined> {
    const { signal } = this;
    if (signal === undefined) return work;
    let wake = () => {};
    const stopped = new Promise<undefined>((resolve) => {
      wake = () => resolve(undefined);
    });
    if (signal.aborted) wake();
    signal.addEventListener('abort', wake);
    try {
      return await Promise.race([work, stopped]);
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }
}
