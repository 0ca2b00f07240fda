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

type Load = Pick<
  DestinationEntry,
  'upperThreshold' | 'lowerThreshold' | 'activeConnections' | 'inactiveConnections'
>;

/** Whether the kernel holds a server for overloaded: it sends it no new connections then. */
export type Overload = 'yes' | 'no' | 'unknown';

/**
 * The kernel sets IP_VS_DEST_F_OVERLOAD when a new connection reaches the upper threshold (ip_vs_bind_dest). It clears the flag when the
 * end of one leaves fewer than the lower threshold, or than 3/4 of the upper one (ip_vs_unbind_dest), and when the upper threshold is
 * raised (__ip_vs_update_dest). In between the flag is as before, and netlink does not have it.
 */
export function overloadOf(server: Load): Overload {
  const { upperThreshold, lowerThreshold, activeConnections, inactiveConnections } = server;
  const connections = activeConnections + inactiveConnections;
  if (upperThreshold === 0) return 'no';
  if (connections >= upperThreshold) return 'yes';
  return connections < (lowerThreshold || 0.75 * upperThreshold) ? 'no' : 'unknown';
}

/** Whether a server has as many connections as its upper threshold. Below it the kernel may still send it no new ones: `overloadOf`. */
export const isOverloaded = (server: Load): boolean => overloadOf(server) === 'yes';

export const timeoutNames = ['tcp', 'tcpFin', 'udp'] as const;

/** Idle times in seconds, each 0 to 2147483647/HZ; when set, 0 leaves a value as it is. */
export type Timeouts = Readonly<Record<(typeof timeoutNames)[number], number>>;

export interface Info {
  /** IPVS's own version, 1.2.1 since 2005. */
  readonly version: { readonly major: number; readonly minor: number; readonly patch: number };
  /** Buckets of the connection hash table. */
  readonly connectionTableSize: number;
}
