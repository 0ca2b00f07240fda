/** A plan: for everything in the table or in the document, what is to become of it. */
import type { Daemon } from '../model/daemon.js';
import type { Destination } from '../model/destination.js';
import type { Service } from '../model/service.js';
import type { Timeouts } from '../model/table.js';

/** `keep`: it is as it should be. `leave`: it is not in the document, and nobody asked to remove such. */
export type Action = 'add' | 'change' | 'remove' | 'keep' | 'leave';

/** A setting as it is and as it should be; undefined is none. */
export interface Difference {
  /** As the document writes it: `weight`, `persistence.timeout`. */
  readonly field: string;
  readonly from: string | number | boolean | undefined;
  readonly to: string | number | boolean | undefined;
}

export interface Planned<T> {
  readonly action: Action;
  /** As it is; undefined for what is added. */
  readonly before: T | undefined;
  /** As it should be; undefined for what is not in the document. */
  readonly after: T | undefined;
  /** Empty except for `change`. */
  readonly differences: readonly Difference[];
}

/** `action` is about the service itself; its servers have their own. */
export interface PlannedService extends Planned<Service> {
  readonly destinations: readonly Planned<Destination>[];
  /**
   * How many servers there are, where they and the service are known to be as they should be, so that nobody need look at
   * each: a large table is nearly all so.
   */
  readonly settled?: number | undefined;
}

/** Sorted by what it is about, so that equal plans are equal texts. */
export interface Plan {
  readonly services: readonly PlannedService[];
  readonly daemons: readonly Planned<Daemon>[];
  /** Undefined if the document says nothing of timeouts. */
  readonly timeouts: Planned<Partial<Timeouts>> | undefined;
}

/** The services that there may be something to do with. */
export const unsettled = ({ services }: Plan): readonly PlannedService[] =>
  services.filter(({ settled }) => settled === undefined);

/** The service, server, daemon or timeouts that a planned item is about, whichever side has it. */
export function subject<T>({ before, after }: Planned<T>): T {
  const one = after ?? before;
  if (one === undefined) throw new Error('a plan for nothing');
  return one;
}
