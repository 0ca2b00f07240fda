// IPVS of an agent's host, through the product's own client. Loaded when first used: only directors need it.
import type { IpvsClient } from '../../../src/ipvs/client.js';
import type { Change } from '../../../src/model/change.js';
import type { DestinationEntry, ServiceEntry } from '../../../src/model/table.js';

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
