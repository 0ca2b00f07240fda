/** Notices that all checks fail at once: then rather this machine's own network is down than all servers. */
import type { CheckResult } from '../../health/run-check.js';

export class NetworkWatch {
  /** Whether the last result of each check was a success. */
  private readonly results = new Map<string, boolean>();
  private successes = 0;
  private isLost = false;

  /** Forgets the results of all other checks. */
  keep(keys: ReadonlySet<string>): void {
    for (const [key, ok] of this.results) {
      if (keys.has(key)) continue;
      this.results.delete(key);
      if (ok) this.successes--;
    }
  }

  /**
   * @param total number of checks
   * @returns `lost` when the last one of several has failed, too; `back` at the first success after that
   */
  record(key: string, { ok }: CheckResult, total: number): 'lost' | 'back' | undefined {
    if (this.results.get(key)) this.successes--;
    if (ok) this.successes++;
    this.results.set(key, ok);
    const isLost = this.successes === 0 && this.results.size === total && total > 1;
    if (isLost === this.isLost || (this.isLost && !ok)) return undefined;
    this.isLost = isLost;
    return isLost ? 'lost' : 'back';
  }
}
