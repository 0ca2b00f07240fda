/** A store of a fleet in memory, on a clock of its own; each user of it can lose the connection. */

import { StoreError } from '../../src/errors.js';
import {
  type Change,
  type Entry,
  type FleetStore,
  isIn,
  type Lease,
  type Snapshot,
  type Transaction,
} from '../../src/fleet/store.js';
import type { Clock } from '../../src/system/clock.js';

interface Stored extends Entry {
  readonly lease: string | undefined;
}

interface HeldLease {
  readonly milliseconds: number;
  end: number;
  readonly ending: AbortController;
}

/** What all users share. */
export class SharedMemory {
  revision = 0;
  readonly entries = new Map<string, Stored>();
  private readonly history: Change[] = [];
  private readonly leases = new Map<string, HeldLease>();
  private readonly listeners = new Set<() => void>();
  private oldest = 0;
  private serial = 0;

  constructor(readonly clock: Clock) {}

  /** Forgets changes before this revision, as etcd's compaction does. */
  compact(revision = this.revision): void {
    this.oldest = revision;
  }

  commit({ comparisons, writes }: Transaction): number | undefined {
    this.sweep();
    const holds = comparisons.every(
      ({ key, revision }) => (this.entries.get(key)?.revision ?? 0) === revision,
    );
    if (!holds) return undefined;
    const revision = ++this.revision;
    for (const write of writes) {
      if ('remove' in write) {
        for (const key of [...this.entries.keys()]) if (isIn(key, write.remove)) this.remove(key, revision);
        continue;
      }
      const { key, value, lease } = write;
      if (lease !== undefined && !this.leases.has(lease)) throw new Error('requested lease not found');
      this.entries.set(key, { key, value, lease, revision });
      this.history.push({ key, value, revision });
    }
    this.wake();
    return revision;
  }

  read(range: string): Snapshot {
    this.sweep();
    const entries = [...this.entries.values()].filter(({ key }) => isIn(key, range));
    return {
      revision: this.revision,
      entries: entries
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .map(({ key, value, revision }) => ({ key, value, revision })),
    };
  }

  changes(range: string, after: number): readonly Change[] | undefined {
    this.sweep();
    return after < this.oldest
      ? undefined
      : this.history.filter(({ key, revision }) => revision > after && isIn(key, range));
  }

  grant(milliseconds: number): { id: string; held: HeldLease } {
    const id = String(++this.serial);
    const held = { milliseconds, end: this.clock.now() + milliseconds, ending: new AbortController() };
    this.leases.set(id, held);
    this.clock.after(milliseconds + 1, () => this.sweep());
    return { id, held };
  }

  renew(id: string): boolean {
    this.sweep();
    const held = this.leases.get(id);
    if (held === undefined) return false;
    held.end = this.clock.now() + held.milliseconds;
    this.clock.after(held.milliseconds + 1, () => this.sweep());
    return true;
  }

  revoke(id: string): void {
    if (!this.leases.delete(id)) return;
    const keys = [...this.entries.values()].filter(({ lease }) => lease === id).map(({ key }) => key);
    if (keys.length === 0) return;
    const revision = ++this.revision;
    for (const key of keys) this.remove(key, revision);
    this.wake();
  }

  /** Resolves at the next change. */
  nextChange(stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.listeners.delete(end);
        stop.removeEventListener('abort', end);
        resolve();
      };
      this.listeners.add(end);
      stop.addEventListener('abort', end);
    });
  }

  private remove(key: string, revision: number): void {
    this.entries.delete(key);
    this.history.push({ key, value: undefined, revision });
  }

  private sweep(): void {
    const now = this.clock.now();
    for (const [id, { end }] of this.leases) if (end < now) this.revoke(id);
  }

  private wake(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

/** One user of the shared memory. */
export class MemoryStore implements FleetStore {
  /** Whether the store cannot be reached from here. */
  isCutOff = false;
  /** Whether answers to writes are lost: they are made, and the writer does not know. */
  losesAnswers = false;
  /** Requests so far. */
  requests = 0;
  private readonly closed = new AbortController();
  private cut = new AbortController();

  constructor(
    readonly memory: SharedMemory,
    readonly name = 'memory:',
  ) {}

  /** Cuts the connection, watches and all. */
  cutOff(): void {
    this.isCutOff = true;
    this.cut.abort();
    this.cut = new AbortController();
  }

  reconnect(): void {
    this.isCutOff = false;
  }

  async read(range: string): Promise<Snapshot> {
    this.requireConnection(`read ${range}`);
    return this.memory.read(range);
  }

  async keys(range: string): Promise<readonly string[]> {
    return (await this.read(range)).entries.map(({ key }) => key);
  }

  async commit(transaction: Transaction): Promise<number | undefined> {
    this.requireConnection('write');
    const revision = this.memory.commit(transaction);
    if (this.losesAnswers) throw new StoreError('unreachable', 'write', this.name, 'no answer');
    return revision;
  }

  async *watch(range: string, after: number, stop: AbortSignal): AsyncGenerator<readonly Change[]> {
    this.requireConnection(`watch ${range}`);
    const { cut } = this;
    const ended = AbortSignal.any([stop, cut.signal, this.closed.signal]);
    for (let seen = after; !stop.aborted && !this.closed.signal.aborted; ) {
      if (cut.signal.aborted) throw new StoreError('unreachable', `watch ${range}`, this.name, 'cut off');
      const changes = this.memory.changes(range, seen);
      if (changes === undefined) throw new StoreError('compacted', `watch ${range}`, this.name, 'compacted');
      seen = this.memory.revision;
      for (const revision of new Set(changes.map((change) => change.revision)))
        yield changes.filter((change) => change.revision === revision);
      if (changes.length === 0) await this.memory.nextChange(ended);
    }
  }

  async lease(seconds: number): Promise<Lease> {
    this.requireConnection('get a lease');
    const { memory } = this;
    const milliseconds = seconds * 1000;
    const { id, held } = memory.grant(milliseconds);
    let end = memory.clock.now() + milliseconds;
    const renewLater = (): void => {
      memory.clock.after(milliseconds / 3, () => {
        if (held.ending.signal.aborted || this.closed.signal.aborted) return;
        if (!this.isCutOff) {
          if (!memory.renew(id)) {
            held.ending.abort();
            return;
          }
          end = memory.clock.now() + milliseconds;
        }
        if (memory.clock.now() >= end) held.ending.abort();
        else renewLater();
      });
    };
    renewLater();
    return {
      id,
      lost: held.ending.signal,
      renewed: () => end - milliseconds,
      release: async () => {
        held.ending.abort();
        if (!this.isCutOff) memory.revoke(id);
      },
    };
  }

  close(): void {
    this.closed.abort();
  }

  private requireConnection(attempted: string): void {
    this.requests++;
    if (this.isCutOff || this.closed.signal.aborted)
      throw new StoreError('unreachable', attempted, this.name, 'cut off');
  }
}
