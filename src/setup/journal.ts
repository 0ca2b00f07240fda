/**
 * The journal of a set-up: the changes that it made to this machine, and the state before each. Every change is written down
 * before it is made, so that it can be undone however the process ends. A reboot undoes the changes of a role, and the store forgets them; those of
 * an adoption stay.
 */
import type { StateKind } from '../system/files/state-kind.js';
import type { Store } from '../system/files/store.js';
import { stepKey } from './steps/index.js';
import type { Previous, SetupStep } from './steps/step.js';

export interface Entry {
  readonly step: SetupStep;
  readonly previous: Previous;
  /** Left in place when the set-up was undone, because others may rely on it. */
  readonly kept?: boolean;
}

/** The role whose set-up a journal is about. */
export type Role = 'real-server' | 'director';

/** What a journal is about: a role, or the boot set-up of this machine. */
type Subject = Role | 'adopt';

type Entries = readonly Entry[];

export class Journal {
  private readonly kind: StateKind<Entries>;

  constructor(
    subject: Subject,
    private readonly store: Store,
  ) {
    this.kind = kindOf(subject);
  }

  get path(): string {
    return this.store.pathOf(this.kind);
  }

  /** In the order in which the changes were made. @throws HostError if the file cannot be read or is no journal */
  get entries(): Entries {
    return this.store.read(this.kind);
  }

  /** Of two entries about the same thing the older one has the original state. @returns whether this one is new */
  async add(entry: Entry): Promise<boolean> {
    let isNew = false;
    await this.store.update(this.kind, (entries) => {
      isNew = entries.every((other) => !isSame(other, entry));
      return isNew
        ? [...entries, entry]
        : entries.map((other) => (isSame(other, entry) ? used(other) : other));
    });
    return isNew;
  }

  /** A step that was left in place is part of the set-up again. */
  async claim(step: SetupStep): Promise<void> {
    const key = stepKey(step);
    if (!this.entries.some((entry) => entry.kept && stepKey(entry.step) === key)) return;
    await this.store.update(this.kind, (entries) =>
      entries.map((entry) => (stepKey(entry.step) === key ? used(entry) : entry)),
    );
  }

  /** Undone, or left in place. */
  async settle(entry: Entry, end: 'undone' | 'kept'): Promise<void> {
    await this.store.update(this.kind, (entries) =>
      end === 'undone'
        ? entries.filter((other) => !isSame(other, entry))
        : entries.map((other) => (isSame(other, entry) ? { ...other, kept: true } : other)),
    );
  }

  /**
   * Locks set-ups on this machine, of every role.
   * @param waiting called before it waits, with a line about the holder
   * @throws HostError, LockedError
   */
  lock(waiting: (text: string) => void): Promise<() => void> {
    const doing = 'setting this machine up';
    return this.store.lock('setup', doing, {
      wait: LOCK_PATIENCE,
      waiting: (holder) => waiting(`waiting for ${holder}, which is ${doing}`),
    });
  }
}

/** Milliseconds. */
const LOCK_PATIENCE = 60_000;

const isSame = (a: Entry, b: Entry): boolean => stepKey(a.step) === stepKey(b.step);

const used = ({ step, previous }: Entry): Entry => ({ step, previous });

const kindOf = (name: Subject): StateKind<Entries> => ({
  name,
  empty: [],
  parse(value) {
    if (!Array.isArray(value)) throw new Error('it is no list');
    const entries = value as Entries;
    for (const { step } of entries) stepKey(step);
    return entries;
  },
  format: (entries) => (entries.length === 0 ? undefined : entries),
  loss: 'what it recorded has to be undone by hand before it is deleted',
  expendable: false,
  ...(name === 'adopt' && { outlivesBoot: true }),
});
