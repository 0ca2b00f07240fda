/** Waiting until servers have no connections left. */
import type { IpvsClient } from '../ipvs/client.js';
import { type Destination, destinationKey } from '../model/destination.js';
import { isFwmark, type ServiceId, serviceKey } from '../model/service.js';
import type { DestinationEntry } from '../model/table.js';

/** A server of a service. */
export interface Member {
  readonly of: ServiceId;
  readonly destination: Destination;
}

/** A server as it is in the table. */
export interface PresentMember extends Member {
  readonly destination: DestinationEntry;
}

/**
 * Connections that would break if the server went now. A TCP or SCTP connection that is no longer established ends by
 * itself; everything of UDP, and of a mark that may stand for UDP, counts as inactive all its life.
 */
export const connectionsLeft = (of: ServiceId, entry: DestinationEntry): number =>
  entry.activeConnections + (isFwmark(of) || of.protocol === 'udp' ? entry.inactiveConnections : 0);

export interface Waiting {
  readonly client: Pick<IpvsClient, 'destinations'>;
  /** Milliseconds to wait at most. */
  readonly limit: number;
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** Called whenever the connections have been counted. */
  progress?(left: number): void;
  /** Whether to wait for this server, as it is now (default: for every one). */
  concerns?(entry: DestinationEntry): boolean;
  /** Asked before each pause. */
  stopRequested?(): boolean;
}

/** Milliseconds between two counts. */
const POLL = 500;

/** Milliseconds without connections after which a server is empty: one whose handshake is under way does not count yet. */
const QUIET_TIME = 1000;

/** Waits until no connections are left, or the limit has passed. @returns the number that is left */
export async function waitUntilEmpty(members: readonly Member[], waiting: Waiting): Promise<number> {
  if (members.length === 0) return 0;
  const deadline = waiting.now() + waiting.limit;
  let emptySince: number | undefined;
  while (true) {
    const left = await countConnections(members, waiting);
    waiting.progress?.(left);
    const now = waiting.now();
    emptySince = left === 0 ? (emptySince ?? now) : undefined;
    const isQuiet = emptySince !== undefined && now - emptySince >= QUIET_TIME;
    if (isQuiet || now >= deadline || waiting.stopRequested?.()) return left;
    await waiting.sleep(Math.min(POLL, deadline - now));
  }
}

async function countConnections(members: readonly Member[], waiting: Waiting): Promise<number> {
  const present = await presentMembers(members, waiting.client);
  return present
    .filter(({ destination }) => waiting.concerns?.(destination) ?? true)
    .reduce((sum, { of, destination }) => sum + connectionsLeft(of, destination), 0);
}

/** The servers that are still in the table, as they are now. One request for each service, however many of its servers are asked for. */
export async function presentMembers(
  members: readonly Member[],
  client: Pick<IpvsClient, 'destinations'>,
): Promise<PresentMember[]> {
  const services = new Map<string, { readonly of: ServiceId; readonly keys: Set<string> }>();
  for (const { of, destination } of members) {
    const service = services.get(serviceKey(of)) ?? { of, keys: new Set() };
    services.set(serviceKey(of), service);
    service.keys.add(destinationKey(destination.id));
  }
  const present: PresentMember[] = [];
  for (const { of, keys } of services.values()) {
    for (const destination of await client.destinations(of)) {
      if (keys.has(destinationKey(destination.id))) present.push({ of, destination });
    }
  }
  return present;
}
