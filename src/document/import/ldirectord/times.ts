/** When checks of ldirectord run, and how many failures count. A service's own settings come before those of all services. */
import { INT_MAX, type Range } from '../../../model/limits.js';
import type { CheckDraft } from '../check-draft.js';
import { type Remark, remarkOn, type Setting, type Values } from '../setting.js';
import { nearest, type Section, valueText } from './sections.js';

const seconds: Range = { min: 1, max: 999_999 };
const count: Range = { min: 1, max: INT_MAX };

export class Times {
  readonly remarks: Remark[] = [];

  constructor(
    private readonly section: Section,
    private readonly global: Section,
    private readonly values: Values,
  ) {
    // They mean nothing where there is no check.
    for (const name of ['checktimeout', 'negotiatetimeout', 'checkcount', 'failurecount', 'checkport'])
      this.nearest(name);
    const own = section.own('checkinterval');
    if (own === undefined || own === this.interval()) return;
    this.remarks.push(remarkOn(own, 'without fork = yes, ldirectord takes that of all services'));
  }

  set(check: CheckDraft, checkType: string): void {
    const interval = this.interval();
    check.setTime('every', (this.values.integer(interval, seconds) ?? 10) * 1000, interval);
    const [first, second, usual] =
      checkType === 'negotiate'
        ? (['negotiatetimeout', 'checktimeout', 30] as const)
        : (['checktimeout', 'negotiatetimeout', 5] as const);
    const timeout = this.nearest(first) ?? this.nearest(second);
    check.setTime('timeout', (this.values.integer(timeout, seconds) ?? usual) * 1000, timeout);
    check.set('rise', 1, undefined);
    const failures = this.nearest('failurecount');
    const attempts = this.nearest('checkcount');
    const repeated = this.values.integer(attempts, count) ?? 1;
    const fall = (this.values.integer(failures, count) ?? 1) * (checkType === 'ping' ? repeated : 1);
    check.set('fall', fall, failures ?? attempts);
  }

  /** That of a service counts only if each service is checked by a process of its own. */
  private interval(): Setting | undefined {
    const own = this.section.own('checkinterval');
    const shared = this.global.own('checkinterval');
    return valueText(this.global.own('fork')) === 'yes' ? (own ?? shared) : shared;
  }

  private nearest(name: string): Setting | undefined {
    return nearest(name, this.section, this.global);
  }
}
