/** A lock among processes: a file with the process id of its holder. The lock of a process that has died is free. */
import { LockedError } from '../errors.js';
import { type Files, makeDirectoryOf, readIfThere, removeIfThere } from './state-dir.js';

/** A process by id and start time, because ids are reused. */
interface Holder {
  readonly pid: number;
  /** Clock ticks since boot, from /proc/PID/stat. */
  readonly started: string;
}

export interface Patience {
  /** Milliseconds to wait for the holder to finish. */
  readonly wait: number;
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** Called once, before waiting. */
  waiting?(pid: number): void;
}

const POLL = 100;

/**
 * Takes the lock. @returns a function that releases it
 * @throws LockedError if another process still holds it when the time is up
 */
export const takeLock = (path: string, files: Files, patience: Patience): Promise<() => Promise<void>> =>
  new Lock(path, files).take(patience);

class Lock {
  constructor(
    private readonly path: string,
    private readonly files: Files,
  ) {}

  async take(patience: Patience): Promise<() => Promise<void>> {
    makeDirectoryOf(this.path, this.files);
    const deadline = patience.now() + patience.wait;
    let announced = false;
    while (true) {
      if (this.claim(this.path)) return async () => this.files.unlinkSync(this.path);
      const holder = this.holderOf(this.path);
      if (holder === undefined) continue;
      if (!this.isAlive(holder)) {
        this.clearAway(holder);
        continue;
      }
      if (patience.now() >= deadline) throw new LockedError(holder.pid, this.path);
      if (!announced) patience.waiting?.(holder.pid);
      announced = true;
      await patience.sleep(POLL);
    }
  }

  /** link(2) is atomic: the lock appears with its content or not at all, and only one of several processes succeeds. */
  private claim(path: string): boolean {
    const { files } = this;
    const own = `${path}.${process.pid}`;
    files.writeFileSync(own, JSON.stringify({ pid: process.pid, started: this.startOf(process.pid) }));
    try {
      files.linkSync(own, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      files.unlinkSync(own);
    }
  }

  /**
   * Removes the lock of a dead holder, under a second lock: of two processes that find it at once, the slower must not remove the
   * lock that the quicker has taken since.
   */
  private clearAway(dead: Holder): void {
    const breaking = `${this.path}.breaking`;
    if (!this.claim(breaking)) {
      const breaker = this.holderOf(breaking);
      if (breaker !== undefined && !this.isAlive(breaker)) removeIfThere(breaking, this.files);
      return;
    }
    try {
      const holder = this.holderOf(this.path);
      if (holder?.pid === dead.pid && holder.started === dead.started) removeIfThere(this.path, this.files);
    } finally {
      removeIfThere(breaking, this.files);
    }
  }

  /** The holder; undefined if the lock is free by now. A file that is no lock counts as that of a dead process. */
  private holderOf(path: string): Holder | undefined {
    const text = readIfThere(path, this.files);
    if (text === undefined) return undefined;
    try {
      const { pid, started } = JSON.parse(text) as Partial<Holder>;
      return { pid: Number(pid), started: String(started) };
    } catch {
      return { pid: 0, started: text };
    }
  }

  private isAlive({ pid, started }: Holder): boolean {
    return this.startOf(pid) === started;
  }

  /** Undefined if there is no such process. */
  private startOf(pid: number): string | undefined {
    try {
      const stat = this.files.readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The 22nd field. The 2nd is the program's name in parentheses, which may contain blanks and parentheses.
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    } catch {
      return undefined;
    }
  }
}
