/** What a table is set to, without what only the kernel can know: counters, connections. */
import type { Daemon } from './daemon.js';
import type { Destination } from './destination.js';
import type { Service } from './service.js';
import type { Timeouts } from './table.js';

/** A virtual service with its real servers. */
export interface ServiceState {
  readonly service: Service;
  readonly destinations: readonly Destination[];
}

/** Everything that is set in one network namespace. */
export interface State {
  readonly services: readonly ServiceState[];
  readonly daemons: readonly Daemon[];
  readonly timeouts: Timeouts;
}

/** A desired service. Without `destinations` its servers are not managed. */
export interface DesiredService {
  readonly service: Service;
  readonly destinations?: readonly Destination[] | undefined;
}

/** Desired state. A section that is undefined is not managed: never compared, changed or removed. */
export interface DesiredState {
  readonly services?: readonly DesiredService[] | undefined;
  readonly daemons?: readonly Daemon[] | undefined;
  readonly timeouts?: Partial<Timeouts> | undefined;
}
