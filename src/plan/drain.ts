/** Waiting until connections have left servers that get no new ones. */
import type { IpvsClient } from '../ipvs/client.js';
import type { Change } from '../model/change.js';
import { type Destination, destinationKey } from '../model/destination.js';
import { isFwmark, type Service, type ServiceId, serviceKey } from '../model/service.js';
import type { DestinationEntry } from '../model/table.js';
import { changing, type Plan, subject } from './plan.js';

/** A server of a service. */
export interface Member {
  readonly of: ServiceId;
  readonly destination: Destination;
}

/** The servers that a plan removes, those of removed services included. */
const leaving = (plan: Plan): Member[] =>
  changing(plan).flatMap((service) =>
    service.destinations
      .filter(({ action }) => action === 'remove')
      .map((destination) => ({ of: subject(service).id, destination: subject(destination) })),
  );

/** The change that keeps new connections from a server. */
const quiesce = ({ of, destination }: Member): Change => ({
  do: 'editDestination',
  of,
  destination: { ...destination, weight: 0 },
});

/**
 * Why clients are refused while one of the service's servers drains; undefined where the scheduler sends them to others.
 * sh and dh keep a server's share of their hash tables at weight 0.
 */
export function drainsByRefusing({ scheduler, schedulerFlags }: Service): string | undefined {
  if (scheduler === 'dh') return 'scheduler dh refuses the clients of a server at weight 0';
  if (scheduler !== 'sh' || schedulerFlags.includes(FALLBACK)) return undefined;
  return 'scheduler sh refuses the clients of a server at weight 0, unless its flag sh-fallback is set';
}

/** sh's own word for it is sh-fallback. */
const FALLBACK = 'flag-1';

/** Services that would refuse clients while a server leaves, and need not: sh may be told to fall back to another. */
const refusing = (plan: Plan): Service[] =>
  changing(plan)
    .filter(({ after, destinations }) => after && destinations.some(({ action }) => action === 'remove'))
    .map(subject)
    .filter((service) => service.scheduler === 'sh' && drainsByRefusing(service) !== undefined);

/**
 * Keeps new connections from the servers that a plan removes, and waits for those that are there.
 * @returns the changes that give services back what was changed of them meanwhile
 */
export async function drainLeaving(plan: Plan, waiting: Draining): Promise<Change[]> {
  const members = leaving(plan);
  const services = refusing(plan);
  const fallBacks = services.map(
    (service): Change => ({
      do: 'editService',
      service: { ...service, schedulerFlags: [...service.schedulerFlags, FALLBACK] },
    }),
  );
  const quiet = members.filter(({ destination }) => destination.weight > 0).map(quiesce);
  // A server that somebody removed meanwhile needs no draining; anything else shows when it is removed.
  await waiting.client.applyAll([...fallBacks, ...quiet]);
  await waitUntilEmpty(members, waiting);
  return services.map((service) => ({ do: 'editService', service }));
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
}

/** Waiting that may also change the table. */
export interface Draining extends Waiting {
  readonly client: Pick<IpvsClient, 'destinations' | 'applyAll'>;
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
