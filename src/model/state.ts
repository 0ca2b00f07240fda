/** The settings of a table, without the kernel's own state: counters and connections. */
import type { Family } from './address.js';
import type { Daemon } from './daemon.js';
import type { Destination, ForwardingMethod } from './destination.js';
import type { DestinationNumber } from './fields.js';
import type { Health, ServiceChecks } from './health.js';
import type { Owned } from './ownership.js';
import type { Service } from './service.js';
import type { Settings } from './settings.js';
import type { Timeouts } from './table.js';

/** A virtual service with its real servers. */
export interface ServiceState {
  readonly service: Service;
  readonly destinations: readonly Destination[];
  /** Number of servers, if `destinations` are made only when they are read. */
  readonly size?: number;
}

/** All settings of IPVS in one network namespace. */
export interface State {
  readonly services: readonly ServiceState[];
  readonly daemons: readonly Daemon[];
  readonly timeouts: Timeouts;
  /** Undefined if they were not read. */
  readonly settings?: Settings | undefined;
}

/** A desired service. Without `destinations` its servers are not managed. */
export interface DesiredService {
  readonly service: Service;
  readonly destinations?: readonly Destination[] | undefined;
  /** Undefined if no server is checked. */
  readonly checks?: ServiceChecks | undefined;
  /** Undefined if no server is checked, and the document says nothing of it. */
  readonly health?: Health | undefined;
  /**
   * This service as a state, if its servers are exactly those of `table` from index `from` on; found without making `destinations`.
   * Undefined if they differ, or have to be compared one by one.
   */
  matchUnchanged?(table: ServerReader, from: number): ServiceState | undefined;
}

/** Servers in a table. All but `count` are of the one that `seek` came to last. */
export interface ServerReader {
  readonly count: number;
  seek(index: number): void;
  readonly bytes: Uint8Array;
  readonly family: Family;
  /** Offset of the address in `bytes`. */
  address(): number;
  port(): number;
  method(): ForwardingMethod;
  number(field: DestinationNumber): number;
}

/** Desired state. A section that is undefined is not managed: never compared, changed or removed. */
export interface DesiredState {
  /** The part of the table outside of which nothing is to be removed; undefined for the whole table. */
  readonly owns?: readonly Owned[] | undefined;
  readonly services?: readonly DesiredService[] | undefined;
  readonly daemons?: readonly Daemon[] | undefined;
  readonly timeouts?: Partial<Timeouts> | undefined;
  readonly settings?: Settings | undefined;
}
