/**
 * Leases of a store in a directory. Each is a file in `leases/`, whose time of change says when it was renewed. All is called under
 * the lock of the store.
 */
import {
  type Files,
  freshName,
  ifThere,
  makeDirectory,
  readIfThere,
  removeIfThere,
  replaceFile,
} from '../system/files/files.js';
import type { Lease } from './store.js';

const LEASE_ID = /^[0-9a-f]{16}$/;

export class LeaseFiles {
  /** @param path of the store */
  constructor(
    private readonly path: string,
    private readonly files: Files,
  ) {}

  isThere(id: string): boolean {
    return readIfThere(this.pathOf(id), this.files) !== undefined;
  }

  /** Makes a lease, or renews it. */
  write(id: string, seconds: number): void {
    writePrivately(this.pathOf(id), JSON.stringify({ seconds }), this.files);
  }

  remove(id: string): void {
    removeIfThere(this.pathOf(id), this.files);
  }

  /** Those that have ended. @param now milliseconds of the file server's clock */
  ended(now: number): string[] {
    const { files } = this;
    const names = ifThere(() => files.readdirSync(`${this.path}/leases`)) ?? [];
    // Left by a process that was killed while it wrote: nobody else writes under the lock.
    for (const name of names) if (name.endsWith(freshName(''))) this.remove(name);
    return names.filter((id) => {
      const text = LEASE_ID.test(id) ? readIfThere(this.pathOf(id), files) : undefined;
      if (text === undefined) return false;
      return files.lstatSync(this.pathOf(id)).mtimeMs + secondsIn(text) * 1000 < now;
    });
  }

  private pathOf(id: string): string {
    return `${this.path}/leases/${id}`;
  }
}

/** One that a crash has cut has ended: its director gets another one. */
function secondsIn(text: string): number {
  try {
    return (JSON.parse(text) as { seconds: number }).seconds;
  } catch {
    return Number.NEGATIVE_INFINITY;
  }
}

export interface LeasePorts {
  /** Resolves to false if the lease has ended. Rejects if the store cannot be asked. */
  renew(): Promise<boolean>;
  end(): Promise<void>;
  /** Aborted when the store is closed: the lease ends by itself then. */
  readonly closed: AbortSignal;
}

/** A lease that has just been made, which is renewed until it ends. */
export function keptLease(id: string, seconds: number, { renew, end, closed }: LeasePorts): Lease {
  const ending = new AbortController();
  const life = seconds * 1000;
  let until = performance.now() + life;
  const timer = setInterval(async () => {
    const asked = performance.now();
    try {
      if (await renew()) until = asked + life;
      else ending.abort();
    } catch {
      // What was asked for in vain may be had in the next third.
    }
    if (performance.now() >= until) ending.abort();
  }, life / 3);
  timer.unref();
  for (const signal of [ending.signal, closed]) signal.addEventListener('abort', () => clearInterval(timer));
  return {
    id,
    lost: ending.signal,
    renewed: () => until - life,
    async release() {
      ending.abort();
      await end().catch(() => {});
    },
  };
}

/** Writes a file of the store, for its owner alone: checks in the documents may have passwords in their headers. */
export function writePrivately(path: string, text: string, files: Files): void {
  makeDirectory(path.slice(0, path.lastIndexOf('/')), files, 0o700);
  replaceFile(path, text, files, { mode: 0o600 });
}
