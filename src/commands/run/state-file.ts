/** State that outlives its process and a reboot: a file for each kind and network namespace, which one process writes. */
import type { Context } from '../../context.js';
import { HostError } from '../../errors.js';
import { printable } from '../../foreign-text.js';
import { type Clock, endsWithin, systemClock } from '../../system/clock.js';
import type { StateKind } from '../../system/files/state-kind.js';
import type { Store } from '../../system/files/store.js';
import { openLastingStore } from '../shared/store.js';

/** Milliseconds for which work waits for the disk: weights that follow from a state come after it, but not much later. */
const PATIENCE = 500;

/** Milliseconds for which the end of the process waits for the disk: systemd kills it after 90 s. */
const LAST_PATIENCE = 20_000;

/** Milliseconds after which a disk that has not answered is told. */
const HANGING = 10_000;

export class StateFile<T> {
  private readonly store: Store;
  private failure: string | undefined;
  /** What is to be written when the disk has taken what it was given last. */
  private queued: { state: T; readonly written: Promise<string | undefined> } | undefined;
  private last: Promise<unknown> = Promise.resolve();
  /** Milliseconds for which the disk is known to have had what it was given last. */
  private slowness = 0;

  constructor(
    private readonly context: Context,
    stateDir: string | undefined,
    private readonly kind: StateKind<T>,
    private readonly clock: Clock = systemClock,
    /** Whether a failure to write is a line on standard error; {@link problem} has it anyway. */
    private readonly isTold = true,
  ) {
    this.store = openLastingStore(context, kind, stateDir);
  }

  /** A disk that cannot be read costs the state, and no more. */
  read(): T {
    const { kind } = this;
    try {
      return this.store.read(kind);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      this.warn(`${error.message}; ${kind.loss}`);
      return kind.empty;
    }
  }

  /**
   * Keeps a state, the newest of those that wait for the disk. A disk that is full, or hangs, is told once, and keeps no work from being
   * done.
   * @param patience milliseconds after which this resolves all the same; at once while the disk is slower than that
   * @returns why it is not kept yet
   */
  readonly write = async (state: T, patience = PATIENCE): Promise<string | undefined> => {
    if (this.queued === undefined) {
      const written = this.last.then(() => this.writeQueued());
      this.queued = { state, written };
      this.last = written;
    } else this.queued.state = state;
    const { written } = this.queued;
    const isSlow = this.slowness >= patience;
    if (!isSlow && (await endsWithin(this.clock, patience, written))) return written;
    this.slowness = Math.max(this.slowness, patience);
    return this.failureFor(patience).message;
  };

  /** Waits until the disk has taken all states, or for so many milliseconds: the process's end would cut off the last one. */
  async idle(patience = LAST_PATIENCE): Promise<void> {
    await endsWithin(this.clock, patience, this.last);
  }

  /** Why the last state is not kept; undefined if it is. */
  get problem(): string | undefined {
    return this.failure;
  }

  private async writeQueued(): Promise<string | undefined> {
    const { kind, store, queued } = this;
    this.queued = undefined;
    const cancel = this.clock.after(HANGING, () => this.failed(this.failureFor(HANGING)));
    try {
      if (queued !== undefined) await store.replaceInBackground(kind, queued.state);
      this.failure = undefined;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      this.failed(error);
    } finally {
      cancel();
      this.slowness = 0;
    }
    return this.failure;
  }

  private failureFor(milliseconds: number): HostError {
    const reason = `the disk has not answered for ${milliseconds / 1000} s; nothing waits for it`;
    return new HostError(`write ${this.store.pathOf(this.kind)}`, reason);
  }

  private failed({ message }: HostError): void {
    if (this.isTold && message !== this.failure) this.warn(message);
    this.failure = message;
  }

  private warn(line: string): void {
    void this.context.err.write(`lvsadm: ${printable(line)}\n`);
  }
}
