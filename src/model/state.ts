/** What a table is set to, without what only the kernel can know: counters, connections. */
import type { Family } from './address.js';
import type { Daemon } from './daemon.js';
import type { Destination, ForwardingMethod } from './destination.js';
import type { DestinationNumber } from './fields.js';
import type { Service } from './service.js';
import type { Timeouts } from './table.js';

/** A virtual service with its real servers. */
export interface ServiceState {
  readonly service: Service;
  readonly destinations: readonly Destination[];
  /** How many servers there are, where `destinations` are made only when somebody asks. */
  readonly size?: number;
}

/** Everything that is set in one network namespace. */
export interface State {
  readonly services: readonly ServiceState[];
  readonly daemons: readonly Daemon[];
  readonly timeouts: Timeouts;
}

/** A service that somebody wants. Without `destinations` its servers are somebody else's business. */
export interface DesiredService {
  readonly service: Service;
  readonly destinations?: readonly Destination[] | undefined;
  /**
   * This service as a state, where its servers are just those of `table` from `from` on: told without making `destinations`.
   * Undefined where they are not, or where that is not told so easily.
   */
  recognise?(table: ServerReader, from: number): ServiceState | undefined;
}

/** Servers in a table, read where they lie: each reader tells of the one that `seek` came to last. */
export interface ServerReader {
  readonly count: number;
  seek(index: number): void;
  readonly bytes: Uint8Array;
  readonly family: Family;
  /** Where in `bytes` the address starts. */
  address(): number;
  port(): number;
  method(): ForwardingMethod;
  number(field: DestinationNumber): number;
}

/**
 * What somebody wants a table to be. A part that is undefined is somebody else's business: nothing of it is compared,
 * changed or removed.
 */
export interface DesiredState {
  readonly services?: readonly DesiredService[] | undefined;
  readonly daemons?: readonly Daemon[] | undefined;
  readonly timeouts?: Partial<Timeouts> | undefined;
}
