/** A lock among processes: a file that holds the process id of whoever has it. A lock whose holder has died is nobody's. */
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { LockedError } from '../errors.js';
import { readIfThere } from './runtime.js';

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
export async function takeLock(path: string, patience: Patience): Promise<() => Promise<void>> {
  const deadline = patience.now() + patience.wait;
  let told = false;
  while (true) {
    if (claim(path)) return async () => unlinkSync(path);
    const holder = await holderOf(path);
    if (holder === undefined) continue;
    if (!isAlive(holder)) {
      await clearAway(path, holder);
      continue;
    }
    if (patience.now() >= deadline) throw new LockedError(holder.pid, path);
    if (!told) patience.waiting?.(holder.pid);
    told = true;
    await patience.sleep(POLL);
  }
}

/** A link appears with its content or not at all, and only one of those who try at once succeeds. */
function claim(path: string): boolean {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(own);
  }
}

/**
 * Removes a dead holder's lock. Two who find it dead at once must not remove the lock that the quicker of them has taken
 * since: who removes holds a lock for that, and looks again.
 */
async function clearAway(path: string, dead: Holder): Promise<void> {
  const breaking = `${path}.breaking`;
  if (!claim(breaking)) {
    const breaker = await holderOf(breaking);
    if (breaker !== undefined && !isAlive(breaker)) unlinkIfThere(breaking);
    return;
  }
  try {
    const holder = await holderOf(path);
    if (holder?.pid === dead.pid && holder.started === dead.started) unlinkIfThere(path);
  } finally {
    unlinkIfThere(breaking);
  }
}

/** Who holds the lock; undefined where nobody does by now. A file that is not a lock counts as a dead process's. */
async function holderOf(path: string): Promise<Holder | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    const { pid, started } = JSON.parse(text) as Partial<Holder>;
    return { pid: Number(pid), started: String(started) };
  } catch {
    return { pid: 0, started: text };
  }
}

const isAlive = ({ pid, started }: Holder): boolean => startOf(pid) === started;

/** Undefined where there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The 22nd field; the 2nd is the program's name in parentheses, which may hold blanks and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
