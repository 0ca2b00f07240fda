/** State that outlives its process and a reboot: a file for each kind and network namespace, which one process writes. */
import type { Context } from '../../context.js';
import { HostError } from '../../errors.js';
import { printable } from '../../foreign-text.js';
import type { StateKind, Store } from '../../system/store.js';
import { openLastingStore } from '../shared/store.js';

export class StateFile<T> {
  private readonly store: Store;
  /** The failure that was told last. */
  private told: string | undefined;

  constructor(
    private readonly context: Context,
    stateDir: string | undefined,
    private readonly kind: StateKind<T>,
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

  /** A disk that is full is told once, and keeps no work from being done. @returns the failure */
  readonly write = (state: T): string | undefined => {
    try {
      this.store.replace(this.kind, state);
      this.told = undefined;
      return undefined;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      if (error.message !== this.told) this.warn(error.message);
      this.told = error.message;
      return error.message;
    }
  };

  private warn(line: string): void {
    void this.context.err.write(`lvsadm: ${printable(line)}\n`);
  }
}
