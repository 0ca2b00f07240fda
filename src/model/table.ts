/** The table as the kernel reports it: settings, and its own state. */
import type { Destination } from './destination.js';
import type { DestinationCount } from './fields.js';
import type { Service } from './service.js';
import type { Stats } from './stats.js';

export interface ServiceEntry extends Service {
  readonly stats: Stats;
}

/** The counts are those of `destinationCounts` (model/fields.ts). */
export interface DestinationEntry extends Destination, Readonly<Record<DestinationCount, number>> {
  readonly stats: Stats;
}

/**
 * Whether a server has as many connections as its upper threshold (ip_vs_dest_totalconns), so that the kernel sends it no new ones.
 * The kernel goes on to do so until they are below the lower threshold, or 3/4 of the upper one; it does not tell that flag.
 */
export const isOverloaded = ({
  upperThreshold,
  activeConnections,
  inactiveConnections,
}: Pick<DestinationEntry, 'upperThreshold' | 'activeConnections' | 'inactiveConnections'>): boolean =>
  upperThreshold > 0 && activeConnections + inactiveConnections >= upperThreshold;

export const timeoutNames = ['tcp', 'tcpFin', 'udp'] as const;

/** Idle times in seconds, each 0 to 2147483647/HZ; when set, 0 leaves a value as it is. */
export type Timeouts = Readonly<Record<(typeof timeoutNames)[number], number>>;

export interface Info {
  /** IPVS's own version, 1.2.1 since 2005. */
  readonly version: { readonly major: number; readonly minor: number; readonly patch: number };
  /** Buckets of the connection hash table. */
  readonly connectionTableSize: number;
}
