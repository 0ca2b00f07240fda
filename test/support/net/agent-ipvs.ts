// IPVS of an agent's host, through the product's own client.
import { loadModule } from '../../../src/host/modules.js';
import { IpvsClient } from '../../../src/ipvs/client.js';
import type { Change } from '../../../src/model/change.js';
import type { DestinationEntry, ServiceEntry } from '../../../src/model/table.js';
import { openNodeSocket } from '../../../src/netlink/socket-node.js';

let client: Promise<IpvsClient> | undefined;

const opened = (): Promise<IpvsClient> => {
  client ??= IpvsClient.open(openNodeSocket, { loadModule: () => loadModule('ip_vs') });
  return client;
};

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
