/** A plan: an action for everything in the table or in the document. */
import type { Daemon } from '../model/daemon.js';
import type { Destination } from '../model/destination.js';
import type { Service } from '../model/service.js';
import type { Settings } from '../model/settings.js';
import type { Timeouts } from '../model/table.js';

/** `keep`: unchanged. `leave`: not in the document, and not to be removed. */
export type Action = 'add' | 'change' | 'remove' | 'keep' | 'leave';

/** A setting that differs; undefined is none. */
export interface Difference {
  /** As the document writes it: `weight`, `persistence.timeout`. */
  readonly field: string;
  readonly from: string | number | boolean | undefined;
  readonly to: string | number | boolean | undefined;
}

export interface Planned<T> {
  readonly action: Action;
  /** Current; undefined for what is added. */
  readonly before: T | undefined;
  /** Desired; undefined for what is not in the document. */
  readonly after: T | undefined;
  /** Empty except for `change`. */
  readonly differences: readonly Difference[];
  /** Left because it is outside of what the documents own, also with --prune. */
  readonly isForeign?: true;
}

/** `action` is about the service itself; its servers have their own. */
export interface PlannedService extends Planned<Service> {
  readonly destinations: readonly Planned<Destination>[];
  /** Number of servers, if the service and all of them are unchanged: a large table is nearly all so. */
  readonly unchanged?: number;
}

/** Sorted by subject, so that equal plans are equal texts. */
export interface Plan {
  readonly services: readonly PlannedService[];
  readonly daemons: readonly Planned<Daemon>[];
  /** Undefined if the document has no timeouts. */
  readonly timeouts: Planned<Partial<Timeouts>> | undefined;
  /** Undefined if the document has no settings. */
  readonly settings?: Planned<Settings> | undefined;
}

/** Whether something is to be done. */
export const isChange = ({ action }: Planned<unknown>): boolean => action !== 'keep' && action !== 'leave';

/** The services in which something may change. */
export const changing = ({ services }: Plan): readonly PlannedService[] =>
  services.filter(({ unchanged }) => unchanged === undefined);

/** The service, server, daemon or timeouts of a planned item: the desired one, or the one to remove. */
export function subject<T>({ before, after }: Planned<T>): T {
  const one = after ?? before;
  if (one === undefined) throw new Error('a plan for nothing');
  return one;
}
