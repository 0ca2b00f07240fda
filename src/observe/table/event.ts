/** A change of the table, or of what the agent knows of it, as an event. */
import type { Daemon } from '../../model/daemon.js';
import type { Destination, DestinationId } from '../../model/destination.js';
import type { Service, ServiceId } from '../../model/service.js';
import type { Difference } from '../../plan/plan.js';

/**
 * What an event is about. A change of a server's weight is one of `weights`, all other changes of servers are of `servers`. `health` is
 * what the agent's checks say.
 */
export const eventSections = ['services', 'servers', 'weights', 'health', 'daemons', 'timeouts'] as const;
export type EventSection = (typeof eventSections)[number];

/** A service, a server of it, a daemon, or the timeouts. */
export type EventSubject =
  | { readonly service: ServiceId; readonly server?: DestinationId }
  | { readonly daemon: Daemon['state'] }
  | { readonly timeouts: true };

/** The settings of what was added or removed. */
export type EventSettings =
  | { readonly service: Service }
  | { readonly server: Destination }
  | { readonly daemon: Daemon };

/** A server went down, came up, is kept by the floor, or has a check that this machine cannot run. */
export interface HealthEvent extends Difference {
  readonly section: 'health';
  readonly subject: { readonly service: ServiceId; readonly server: DestinationId };
  readonly action: 'changed';
  readonly field: 'health';
  /** Of the last result of its checks. */
  readonly reason: string | null;
}

export type MonitorEvent = TableEvent | HealthEvent;

export type TableEvent = {
  readonly section: EventSection;
  readonly subject: EventSubject;
} & (
  | { readonly action: 'added' | 'removed'; readonly settings: EventSettings }
  | ({ readonly action: 'changed' } & Difference)
);
