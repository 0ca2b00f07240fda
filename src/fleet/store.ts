/**
 * The store that the directors of a fleet share: texts by keys, changed in transactions, each of which makes a new revision of the
 * whole. etcd is one (etcd/etcd-store.ts), a directory of files another (directory-store.ts).
 */

/** A key and its value. Keys are paths without a leading slash: `nodes/d1`. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  /** Of the store, at the last change of this key; from 1. */
  readonly revision: number;
}

/** What was read at one revision of the store. */
export interface Snapshot {
  readonly revision: number;
  /** In the order of their keys. */
  readonly entries: readonly Entry[];
}

/** Holds if the last change of the key was made at this revision; 0: if there is no such key. */
export interface Comparison {
  readonly key: string;
  readonly revision: number;
}

export interface Put {
  readonly key: string;
  readonly value: string;
  /** The key goes when this lease ends. */
  readonly lease?: string | undefined;
}

export interface Removal {
  /** A key, or a range: see {@link FleetStore.read}. */
  readonly remove: string;
}

/** Writes that are made together, or not at all. */
export interface Transaction {
  /** All must hold. */
  readonly comparisons: readonly Comparison[];
  readonly writes: readonly (Put | Removal)[];
}

/** A key that was written, or removed: `value` is undefined then. */
export interface Change {
  readonly key: string;
  readonly value: string | undefined;
  readonly revision: number;
}

/** Keys that are bound to a lease go when their holder no longer renews it. */
export interface Lease {
  readonly id: string;
  /** Aborted when the lease has ended, whatever the reason. */
  readonly lost: AbortSignal;
  /** When the store has renewed it last, in milliseconds of the process's clock. */
  renewed(): number;
  /** Ends it, and with it the keys. Errors are ignored: it ends by itself, too. */
  release(): Promise<void>;
}

/** Bytes of the largest value: etcd refuses requests above 1.5 MiB, and base64 adds a third. */
export const LARGEST_VALUE = 1024 * 1024;

export interface FleetStore {
  /** As the user wrote it: `etcd://192.0.2.7:2379/lvs/eu1/`. */
  readonly name: string;

  /**
   * Reads a range at one revision.
   * @param range a key; or all that begins with it, where it ends in a slash; or everything, where it is empty
   * @throws StoreError
   */
  read(range: string): Promise<Snapshot>;

  /** The keys in a range, without values. @throws StoreError */
  keys(range: string): Promise<readonly string[]>;

  /**
   * Makes a transaction. If the connection breaks in between, it finds out whether the transaction was made.
   * @returns the new revision; undefined if a comparison does not hold: then nothing was written
   * @throws StoreError; 'unreachable': it may have been made
   */
  commit(transaction: Transaction): Promise<number | undefined>;

  /**
   * Changes in a range after a revision, those of one transaction together.
   * @throws StoreError when it cannot go on: read again, and watch from there
   */
  watch(range: string, after: number, stop: AbortSignal): AsyncIterable<readonly Change[]>;

  /** @param seconds without a sign of life of this process, after which it ends. @throws StoreError */
  lease(seconds: number): Promise<Lease>;

  close(): void;
}

/** Whether a key is in a range. */
export const isIn = (key: string, range: string): boolean =>
  range === '' || (range.endsWith('/') ? key.startsWith(range) : key === range);
