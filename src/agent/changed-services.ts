/** Services whose weights may have to be changed: gathered for a moment, so that results that come together are one change. */
import type { DesiredService } from '../model/state.js';
import type { Clock } from '../system/clock.js';

/** Milliseconds in which results are gathered before the table is changed. */
const GATHERING = 50;

/** Milliseconds between two steps of a slow start, and until the kernel is asked again after a first failure. */
export const STEP = 1000;

/** Most milliseconds until it is asked again: each failure in a row doubles them. */
const LONGEST_PAUSE = 30_000;

export class ChangedServices {
  private readonly gathered = new Set<DesiredService>();
  /** Those that are added after a step. */
  private readonly stepping = new Set<DesiredService>();
  /** Failures in a row. */
  private readonly failures = new WeakMap<DesiredService, number>();
  private isDue = false;

  /** @param call when there are some to be taken */
  constructor(
    private readonly clock: Clock,
    private readonly call: () => void,
  ) {}

  add(service: DesiredService): void {
    this.gathered.add(service);
    if (this.isDue) return;
    this.isDue = true;
    this.clock.after(GATHERING, () => {
      this.isDue = false;
      this.call();
    });
  }

  addLater(service: DesiredService, pause = STEP): void {
    if (this.stepping.has(service)) return;
    this.stepping.add(service);
    this.clock.after(pause, () => {
      if (this.stepping.delete(service)) this.add(service);
    });
  }

  addAfterFailure(service: DesiredService): void {
    const before = this.failures.get(service) ?? 0;
    this.failures.set(service, before + 1);
    this.addLater(service, Math.min(STEP * 2 ** before, LONGEST_PAUSE));
  }

  /** Its weights are set. */
  succeeded(service: DesiredService): void {
    this.failures.delete(service);
  }

  /** Those that are there now, without the ones that are added later. */
  get present(): readonly DesiredService[] {
    return [...this.gathered];
  }

  take(): readonly DesiredService[] {
    const services = this.present;
    this.gathered.clear();
    return services;
  }
}
