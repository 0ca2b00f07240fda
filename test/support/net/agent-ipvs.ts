// IPVS of an agent's host, through the product's own client. Loaded when first used: only directors need it.
import type { IpvsClient } from '../../../src/ipvs/client.js';
import type { Change } from '../../../src/model/change.js';
import { destinationKey } from '../../../src/model/destination.js';
import type { ServiceId } from '../../../src/model/service.js';
import type { DestinationEntry, ServiceEntry } from '../../../src/model/table.js';
import { monotonic } from './steady-client.js';

let client: Promise<IpvsClient> | undefined;

function opened(): Promise<IpvsClient> {
  client ??= open();
  return client;
}

async function open(): Promise<IpvsClient> {
  const [{ IpvsClient }, { openSocket }, { loadModule }] = await Promise.all([
    import('../../../src/ipvs/client.js'),
    import('../socket.js'),
    import('../../../src/system/modules.js'),
  ]);
  return IpvsClient.open(openSocket, { loadModule: () => loadModule('ip_vs') });
}

/** Carries out changes in order; rejects at the first that the kernel refuses. */
export async function applyChanges(changes: Change[]): Promise<void> {
  const kernel = await opened();
  for (const change of changes) await kernel.apply(change);
}

/** Every service with its real servers. */
export async function readTable(): Promise<(ServiceEntry & { destinations: DestinationEntry[] })[]> {
  const kernel = await opened();
  const table = [];
  for (const entry of await kernel.services())
    table.push({ ...entry, destinations: await kernel.destinations(entry.id) });
  return table;
}

/** The weights of a service's servers from a moment on. */
export interface WeightsAt {
  readonly at: number;
  /** By `10.0.0.11:8080`; empty if there is no such service. */
  readonly weights: Readonly<Record<string, number>>;
}

interface Watch {
  readonly id: ServiceId;
  /** Milliseconds from one look to the next. */
  readonly every: number;
  readonly log: WeightsAt[];
}

let watch: Watch | undefined;

/** Looks at a service's servers again and again, until it is called with another service. @param every milliseconds between two looks */
export async function watchWeights(id: ServiceId, every = 50): Promise<void> {
  watch = { id, every, log: [] };
  await look(watch);
}

async function look(mine: Watch): Promise<void> {
  if (watch !== mine) return;
  const kernel = await opened();
  const servers = await kernel.destinations(mine.id).catch(() => []);
  const weights = Object.fromEntries(servers.map(({ id, weight }) => [destinationKey(id), weight]));
  if (JSON.stringify(weights) !== JSON.stringify(mine.log.at(-1)?.weights))
    mine.log.push({ at: monotonic(), weights });
  setTimeout(look, mine.every, mine);
}

/** The weights at the first look, and whenever they had changed. */
export const weightLog = (): readonly WeightsAt[] => watch?.log ?? [];
