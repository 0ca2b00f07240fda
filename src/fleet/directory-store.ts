/**
 * The store of a fleet in a directory that its directors share. `index.json` has all keys, and is replaced as a whole under a lock;
 * long values are files of their own in `values/`, named by their digest, which never change. Leases are in `leases/`
 * (directory-leases.ts).
 */
import { StoreError } from '../errors.js';
import { passed, systemClock } from '../system/clock.js';
import {
  codeOf,
  type Files,
  ifThere,
  makeDirectory,
  readIfThere,
  removeIfThere,
} from '../system/files/files.js';
import { flockByProgram } from '../system/files/flock.js';
import { keptLease, LeaseFiles, writePrivately } from './directory-leases.js';
import { type Change, type FleetStore, isIn, type Lease, type Snapshot, type Transaction } from './store.js';

const { getBuiltinModule } = process;

/** Characters of the longest value that is in the index itself. */
const SHORT = 1024;

/** Milliseconds for the file server to answer. */
const ANSWER = 3000;

/** Milliseconds to wait for the lock; it is held for a few. */
const PATIENCE = 10_000;

const VERSION = 1;

interface Stored {
  readonly revision: number;
  readonly value?: string;
  /** The name of the file with the value. */
  readonly digest?: string;
  readonly lease?: string;
}

interface Index {
  readonly version: number;
  readonly revision: number;
  readonly entries: Readonly<Record<string, Stored>>;
}

const noIndex: Index = { version: VERSION, revision: 0, entries: {} };

export interface DirectoryPorts {
  readonly files: Files;
  /** Milliseconds from one look for changes to the next (default: 1000). */
  readonly interval?: number;
  /** Milliseconds for the file server to answer (default: 3000). */
  readonly answer?: number;
}

/**
 * Calls that end when the file server answers, by their paths. All stores of the process share them: each call takes one of libuv's
 * few threads, and with it files and names that have nothing to do with the store.
 */
const asked = new Map<string, Promise<void>>();

export class DirectoryStore implements FleetStore {
  private readonly closed = new AbortController();
  private readonly leases: LeaseFiles;

  /** @param path without a slash at its end; it is made when something is written */
  constructor(
    readonly name: string,
    private readonly path: string,
    private readonly ports: DirectoryPorts,
  ) {
    this.leases = new LeaseFiles(path, ports.files);
  }

  read(range: string): Promise<Snapshot> {
    return this.attempt(`read ${range || 'the store'}`, () =>
      this.locked(({ revision, entries }) => ({
        revision,
        entries: keysIn(entries, range).map((key) => {
          const stored = entries[key] as Stored;
          return { key, value: this.valueOf(stored), revision: stored.revision };
        }),
      })),
    );
  }

  keys(range: string): Promise<readonly string[]> {
    return this.attempt(`read ${range || 'the store'}`, () =>
      this.locked(({ entries }) => keysIn(entries, range)),
    );
  }

  commit({ comparisons, writes }: Transaction): Promise<number | undefined> {
    const first = writes[0];
    const about = first === undefined ? 'the store' : 'key' in first ? first.key : first.remove;
    return this.attempt(`write ${about}`, () =>
      this.locked((index) => {
        const holds = comparisons.every(
          ({ key, revision }) => (index.entries[key]?.revision ?? 0) === revision,
        );
        if (!holds) return undefined;
        const revision = index.revision + 1;
        const entries: Record<string, Stored> = { ...index.entries };
        for (const write of writes) {
          if ('remove' in write)
            for (const key of Object.keys(entries)) isIn(key, write.remove) && delete entries[key];
          else if (write.lease !== undefined && !this.leases.isThere(write.lease))
            throw new Error('the lease has ended');
          else
            entries[write.key] = {
              revision,
              ...this.storedValue(write.value),
              ...(write.lease && { lease: write.lease }),
            };
        }
        this.replace({ version: VERSION, revision, entries }, index);
        return revision;
      }, true),
    );
  }

  async *watch(range: string, after: number, stop: AbortSignal): AsyncGenerator<readonly Change[]> {
    const attempted = `watch ${range || 'the store'}`;
    const signal = AbortSignal.any([stop, this.closed.signal]);
    let known = await this.read(range);
    // What was removed in between is not known any more.
    if (known.revision !== after)
      throw new StoreError('compacted', attempted, this.name, 'it has changed meanwhile');
    while (await passed(systemClock, this.ports.interval ?? 1000, signal)) {
      const now = await this.read(range);
      if (now.revision < known.revision)
        throw new StoreError('compacted', attempted, this.name, 'it has been replaced');
      const changes = changesBetween(known, now);
      known = now;
      if (changes.length > 0) yield changes;
    }
  }

  async lease(seconds: number): Promise<Lease> {
    const { leases } = this;
    const id = getBuiltinModule('node:crypto').randomBytes(8).toString('hex');
    await this.attempt('get a lease', () => this.locked(() => leases.write(id, seconds), true));
    return keptLease(id, seconds, {
      renew: () =>
        this.locked(() => {
          if (!leases.isThere(id)) return false;
          leases.write(id, seconds);
          return true;
        }),
      end: () => this.locked(() => this.drop([id])),
      closed: this.closed.signal,
    });
  }

  close(): void {
    this.closed.abort();
  }

  /**
   * Calls with the index while no other process changes it. Keys whose lease has ended are gone by then. A store that is not there is
   * empty: only a write makes it, so that a share that is not mounted gets no store of its own from those who look.
   */
  private async locked<T>(use: (index: Index) => T, isWrite = false): Promise<T> {
    const { files } = this.ports;
    const lock = `${this.path}/lock`;
    await this.requireAnswer();
    if (isWrite) makeDirectory(this.path, files, 0o700);
    else if (ifThere(() => files.lstatSync(this.path)) === undefined) return use(noIndex);
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = files.constants;
    const descriptor = files.openSync(lock, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    try {
      if (!(await (files.flock ?? flockByProgram)(descriptor, PATIENCE)))
        throw new Error('another process holds its lock');
      // The time of the file server, which is the same for all directors.
      files.writeSync(descriptor, Buffer.from('\n'));
      const ended = this.leases.ended(files.lstatSync(lock).mtimeMs);
      if (ended.length > 0) this.drop(ended);
      return use(this.index());
    } finally {
      files.closeSync(descriptor);
    }
  }

  /**
   * A file server that is away would hold the whole process in a system call, and with it all checks. So a call that may wait goes
   * first, and nothing else is called while it does. Opening a file asks the server (nfs(5), close-to-open consistency).
   */
  private async requireAnswer(): Promise<void> {
    const { path } = this;
    const answered = asked.get(path) ?? opened(`${path}/lock`).finally(() => asked.delete(path));
    asked.set(path, answered);
    const end = new AbortController();
    const isLate = await Promise.race([
      answered.then(() => false),
      passed(systemClock, this.ports.answer ?? ANSWER, end.signal),
    ]);
    end.abort();
    if (isLate) throw new Error('the file server does not answer');
  }

  private index(): Index {
    const text = readIfThere(`${this.path}/index.json`, this.ports.files);
    if (text === undefined) return noIndex;
    const index = JSON.parse(text) as Index;
    if (index.version !== VERSION)
      throw new Error(`it is of version ${index.version}, this lvsadm knows ${VERSION}`);
    return index;
  }

  private replace(index: Index, before: Index): void {
    writePrivately(`${this.path}/index.json`, `${JSON.stringify(index)}\n`, this.ports.files);
    const used = new Set(Object.values(index.entries).map(({ digest }) => digest));
    for (const { digest } of Object.values(before.entries))
      if (digest !== undefined && !used.has(digest)) removeIfThere(this.valuePath(digest), this.ports.files);
  }

  /** Ends leases, and with them their keys. */
  private drop(ids: readonly string[]): void {
    const index = this.index();
    const left = Object.entries(index.entries).filter(
      ([, { lease }]) => lease === undefined || !ids.includes(lease),
    );
    if (left.length < Object.keys(index.entries).length)
      this.replace({ ...index, revision: index.revision + 1, entries: Object.fromEntries(left) }, index);
    for (const id of ids) this.leases.remove(id);
  }

  private storedValue(value: string): Pick<Stored, 'value' | 'digest'> {
    if (value.length <= SHORT) return { value };
    const digest = getBuiltinModule('node:crypto').createHash('sha256').update(value).digest('hex');
    writePrivately(this.valuePath(digest), value, this.ports.files);
    return { digest };
  }

  private valueOf({ value, digest }: Stored): string {
    if (digest === undefined) return value ?? '';
    const text = readIfThere(this.valuePath(digest), this.ports.files);
    if (text === undefined) throw new Error(`its file ${digest} is not there`);
    return text;
  }

  private valuePath = (digest: string): string => `${this.path}/values/${digest}`;

  private async attempt<T>(attempted: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof StoreError) throw error;
      const kind =
        codeOf(error) === 'ENOSPC' ? 'full' : codeOf(error) === 'EACCES' ? 'not-permitted' : 'unreachable';
      throw new StoreError(kind, attempted, this.name, (error as Error).message);
    }
  }
}

/** Resolves when a file has been opened, or cannot be: the calls that follow have that error, too. */
const opened = (path: string): Promise<void> =>
  getBuiltinModule('node:fs/promises')
    .open(path, 'r')
    .then((file) => file.close())
    .catch(() => {});

const keysIn = (entries: Index['entries'], range: string): string[] =>
  Object.keys(entries)
    .filter((key) => isIn(key, range))
    .sort();

/** Values that differ, and keys that are gone. */
function changesBetween(before: Snapshot, after: Snapshot): Change[] {
  const there = new Set(after.entries.map(({ key }) => key));
  const gone = before.entries.filter(({ key }) => !there.has(key));
  return [
    ...gone.map(({ key }): Change => ({ key, value: undefined, revision: after.revision })),
    ...after.entries.filter(({ revision }) => revision > before.revision),
  ];
}
