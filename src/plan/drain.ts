/** Waiting until connections have left servers that get no new ones. */
import type { IpvsClient } from '../ipvs/client.js';
import type { Destination } from '../model/destination.js';
import { destinationKey } from '../model/destination.js';
import { isFwmark, type ServiceId, serviceKey } from '../model/service.js';
import type { DestinationEntry } from '../model/table.js';
import { type Plan, subject } from './plan.js';

/** A server of a service. */
export interface Member {
  readonly of: ServiceId;
  readonly destination: Destination;
}

/** The servers that a plan removes, those of removed services included. */
export const leaving = (plan: Plan): Member[] =>
  plan.services.flatMap((service) =>
    service.destinations
      .filter(({ action }) => action === 'remove')
      .map((destination) => ({ of: subject(service).id, destination: subject(destination) })),
  );

/** The change that keeps new connections from a server. */
export const quiesce = ({ of, destination }: Member) =>
  ({ do: 'editDestination', of, destination: { ...destination, weight: 0 } }) as const;

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
}

const POLL = 500;

/** A connection whose handshake is under way does not count yet: there must be none for so many milliseconds. */
const SETTLED = 1000;

/** Waits until no connections are left, or the time is over. @returns how many are left */
export async function waitUntilEmpty(members: readonly Member[], waiting: Waiting): Promise<number> {
  if (members.length === 0) return 0;
  const deadline = waiting.now() + waiting.limit;
  let emptySince: number | undefined;
  while (true) {
    const left = await countConnections(members, waiting.client);
    waiting.progress?.(left);
    const now = waiting.now();
    emptySince = left === 0 ? (emptySince ?? now) : undefined;
    const settled = emptySince !== undefined && now - emptySince >= SETTLED;
    if (settled || now >= deadline) return left;
    await waiting.sleep(Math.min(POLL, deadline - now));
  }
}

/** One question for each service, however many of its servers are meant. */
async function countConnections(members: readonly Member[], client: Waiting['client']): Promise<number> {
  const services = new Map<string, { readonly of: ServiceId; readonly keys: Set<string> }>();
  for (const { of, destination } of members) {
    const service = services.get(serviceKey(of)) ?? { of, keys: new Set() };
    services.set(serviceKey(of), service);
    service.keys.add(destinationKey(destination.id));
  }
  let left = 0;
  for (const { of, keys } of services.values()) {
    for (const entry of await client.destinations(of)) {
      if (keys.has(destinationKey(entry.id))) left += connectionsLeft(of, entry);
    }
  }
  return left;
}
