/**
 * The table before each of the last changes. `history.json` is the index, `history.json.17` the table before change 17: a document in
 * JSON. Their number and their bytes are bounded.
 */
import { cannot } from '../errors.js';
import type { Settings } from '../model/settings.js';
import { directoryOf, type Files, readIfThere, removeIfThere, replaceFile } from '../system/files/files.js';
import type { Store } from '../system/files/store.js';
import { type Change, type ChangeRecord, recordsKind } from './change-record.js';

/** Records that are kept. */
export const MOST_RECORDS = 20;

/** Records of one command line that others cannot have gone for: a program that repeats its own must not push out all others. */
export const MOST_REPEATED = 10;

/** Bytes of all tables together; the newest is kept in any case. */
export const MOST_BYTES = 64 * 2 ** 20;

/** Of a change, in the name of its table. A name with more digits is foreign, and must not use up the numbers that `rollback` takes. */
const NUMBER = /^\d{1,9}$/;

export class History {
  constructor(
    private readonly store: Store,
    private readonly files: Files,
    private readonly limits = { records: MOST_RECORDS, repeated: MOST_REPEATED, bytes: MOST_BYTES },
  ) {}

  /** The oldest comes first. @throws HostError */
  records(): readonly ChangeRecord[] {
    return this.store.read(recordsKind).filter(isKept);
  }

  /** The table before a change; undefined if it is not kept any more. @throws HostError */
  table({ number }: Pick<ChangeRecord, 'number'>): string | undefined {
    const path = this.pathOf(number);
    try {
      return readIfThere(path, this.files);
    } catch (error) {
      throw cannot(`read ${path}`, error);
    }
  }

  /**
   * The settings of IPVS before a change, of those that it and the changes since then have set: other programs' are not lvsadm's to
   * restore.
   * @throws HostError
   */
  settings({ number }: Pick<ChangeRecord, 'number'>): Settings | undefined {
    const since = this.records().filter((record) => record.number >= number && record.settings);
    return since.length === 0
      ? undefined
      : Object.assign({}, ...since.toReversed().map(({ settings }) => settings));
  }

  /** Keeps the table before a change. @throws HostError, LockedError: then there is no record of it */
  async add(change: Change, table: string): Promise<ChangeRecord> {
    let added: ChangeRecord | undefined;
    let kept: readonly ChangeRecord[] = [];
    const update = this.store.update(recordsKind, (records) => {
      // Tables without a record: the index was lost, or its writer was killed.
      const last = Math.max(records.at(-1)?.number ?? 0, ...this.tables().keys());
      const record = { ...change, number: last + 1, size: Buffer.byteLength(table) };
      // Before the index: what that names is there, also if this process is killed in between.
      this.write(record, table);
      added = record;
      kept = this.within([...records.filter(isKept), record]);
      return kept;
    });
    await update.catch((error: unknown) => {
      // A disk that is full must not get a table more with each attempt.
      if (added !== undefined) this.discard(added);
      throw error;
    });
    this.removeOthers(kept);
    return added as ChangeRecord;
  }

  /** Forgets a change of which nothing was made. @throws HostError, LockedError: then it is still there */
  async remove({ number }: Pick<ChangeRecord, 'number'>): Promise<void> {
    const path = this.pathOf(number);
    await this.store.update(recordsKind, (records) =>
      records.map((each) => (each.number === number ? { ...each, isWithdrawn: true } : each)),
    );
    // Without the lock: no other change gets the number.
    try {
      removeIfThere(path, this.files);
    } catch (error) {
      throw cannot(`remove ${path}`, error);
    }
  }

  /** Of a change without a record: its table stays if it cannot be removed. */
  private discard({ number }: ChangeRecord): void {
    try {
      removeIfThere(this.pathOf(number), this.files);
    } catch {
      // The next change removes it.
    }
  }

  private within(records: readonly ChangeRecord[]): readonly ChangeRecord[] {
    const { limits } = this;
    const isOver = (kept: readonly ChangeRecord[]) =>
      kept.length > limits.records || kept.reduce((bytes, { size }) => bytes + size, 0) > limits.bytes;
    let kept = records;
    while (kept.length > 1 && isOver(kept)) kept = withoutOne(kept, limits.repeated);
    return kept;
  }

  private write({ number }: ChangeRecord, table: string): void {
    const path = this.pathOf(number);
    try {
      replaceFile(path, table, this.files, { mode: 0o600 });
    } catch (error) {
      throw cannot(`write ${path}`, error);
    }
  }

  /** Removes the tables of records that are not kept, and those that processes that were killed have left. */
  private removeOthers(kept: readonly ChangeRecord[]): void {
    const numbers = new Set(kept.map(({ number }) => number));
    const newest = kept.at(-1)?.number ?? 0;
    try {
      for (const [number, path] of this.tables()) {
        // A process that comes after this one may have written a newer one.
        if (number <= newest && !numbers.has(number)) removeIfThere(path, this.files);
      }
    } catch {
      // The next change tries again.
    }
  }

  /** The paths of the tables that are there, by the numbers of their changes. Empty if the directory cannot be read. */
  private tables(): ReadonlyMap<number, string> {
    const path = this.store.pathOf(recordsKind);
    const directory = directoryOf(path);
    const start = `${path.slice(directory.length)}.`;
    const names = (): string[] => {
      try {
        return this.files.readdirSync(directory).filter((name) => name.startsWith(start));
      } catch {
        return [];
      }
    };
    return new Map(
      names()
        .filter((name) => NUMBER.test(name.slice(start.length)))
        .map((name) => [Number(name.slice(start.length)), directory + name]),
    );
  }

  private pathOf(number: number): string {
    return `${this.store.pathOf(recordsKind)}.${number}`;
  }
}

const isKept = ({ isWithdrawn }: ChangeRecord): boolean => isWithdrawn !== true;

/**
 * Without the oldest of a command line that has more than so many records; without the oldest of all if none has. The record before the
 * one that goes has its settings then, so that a rollback to it still finds them.
 */
function withoutOne(records: readonly ChangeRecord[], mostRepeated: number): readonly ChangeRecord[] {
  const timesOf = (cause: string) => records.filter((record) => record.cause === cause).length;
  const repeated = records.findIndex(({ cause }) => timesOf(cause) > mostRepeated);
  const index = Math.max(repeated, 0);
  const { settings } = records[index] ?? {};
  return records.flatMap((record, at) => {
    if (at === index) return [];
    return at === index - 1 && settings
      ? { ...record, settings: { ...settings, ...record.settings } }
      : record;
  });
}
