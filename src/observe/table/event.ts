/** A change of the table as an event. */
import type { Daemon } from '../../model/daemon.js';
import type { Destination, DestinationId } from '../../model/destination.js';
import type { Service, ServiceId } from '../../model/service.js';
import type { Difference } from '../../plan/plan.js';

/** What an event is about. A change of a server's weight is one of `weights`, all other changes of servers are of `servers`. */
export const eventSections = ['services', 'servers', 'weights', 'daemons', 'timeouts'] as const;
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

export type TableEvent = {
  readonly section: EventSection;
  readonly subject: EventSubject;
} & (
  | { readonly action: 'added' | 'removed'; readonly settings: EventSettings }
  | ({ readonly action: 'changed' } & Difference)
);
