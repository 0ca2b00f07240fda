/** A lock among processes: a file that holds the process id of whoever has it. A lock whose holder has died is nobody's. */
import { LockedError } from '../errors.js';
import { type Files, makeDirectoryOf, readIfThere, removeIfThere } from './state-dir.js';

/** A process, and when it started, because ids are used again. */
interface Holder {
  readonly pid: number;
  /** In the kernel's ticks since it booted, as /proc/PID/stat has it. */
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
 * Takes the lock. @returns what releases it
 * @throws LockedError when somebody else still holds it after the time
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
    let told = false;
    while (true) {
      if (this.claim(this.path)) return async () => this.files.unlinkSync(this.path);
      const holder = this.holderOf(this.path);
      if (holder === undefined) continue;
      if (!this.isAlive(holder)) {
        this.clearAway(holder);
        continue;
      }
      if (patience.now() >= deadline) throw new LockedError(holder.pid, this.path);
      if (!told) patience.waiting?.(holder.pid);
      told = true;
      await patience.sleep(POLL);
    }
  }

  /** A link appears with its content or not at all, and only one of those who try at once succeeds. */
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
   * Removes a dead holder's lock. Two who find it dead at once must not remove the lock that the quicker of them has taken
   * since: who removes holds a lock for that, and looks again.
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

  /** Who holds the lock; undefined where nobody does by now. A file that is not a lock counts as a dead process's. */
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

  /** Undefined where there is no such process. */
  private startOf(pid: number): string | undefined {
    try {
      const stat = this.files.readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The 22nd field; the 2nd is the program's name in parentheses, which may hold blanks and parentheses.
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    } catch {
      return undefined;
    }
  }
}
