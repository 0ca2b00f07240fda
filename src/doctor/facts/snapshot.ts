/** Reads the facts that a diagnosis needs, once. */
import { HostError, KernelError, UnavailableError } from '../../errors.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { connectionTablePath } from '../../ipvs/connections/proc.js';
import { destinationOrder, serviceOrder, sortedBy } from '../../model/order.js';
import type { OpenSocket } from '../../netlink/transport/socket.js';
import type { Machine } from '../../system/machine.js';
import { isLoaded } from '../../system/modules.js';
import { findArpConflicts } from './arp-conflicts.js';
import { groupConnections } from './connections.js';
import type { IpvsFacts, MachineFacts } from './facts.js';
import { readListeners } from './listeners.js';
import { lroLinks } from './lro.js';
import { readRules } from './rules.js';
import { readSettings } from './settings.js';

/** Where the facts come from. */
export interface Sources {
  readonly machine: Machine;
  readonly openSocket: OpenSocket;
  client(): Promise<IpvsClient>;
  readFile(path: string): AsyncIterable<Uint8Array>;
  /** Send ARP requests for the VIPs. */
  readonly probe: boolean;
}

/** @throws KernelError, TransportError, UnavailableError, HostError if nothing can be read, as without root's rights */
export async function takeSnapshot(sources: Sources): Promise<MachineFacts> {
  const { machine, openSocket } = sources;
  const unknown: string[] = [];
  const kernel = await kernelRelease(machine);
  const route = await machine.route();
  const links = await route.links();
  // The socket takes one request at a time; files and programs are read meanwhile.
  const [settings, listeners, rules, lro, ipvs] = await Promise.all([
    readSettings(machine.sysctls, links),
    readListeners(),
    readRules((what) => unknown.push(what)),
    lroLinks(openSocket).catch((error) => {
      if (!(error instanceof KernelError)) throw error;
      unknown.push(`links that merge segments (LRO): ${error.code}`);
      return [];
    }),
    readIpvs(sources, unknown),
  ]);
  const facts: MachineFacts = {
    kernel,
    settings,
    links,
    addresses: await route.addresses(),
    routes: await route.routes(),
    neighbours: await route.neighbours(),
    listeners,
    ipvs,
    rules,
    lro,
    arpConflicts: [],
    unknown,
  };
  return sources.probe ? { ...facts, arpConflicts: await findArpConflicts(facts, route, unknown) } : facts;
}

/** @throws HostError if the kernel shows no settings, so that most checks would be wrong */
async function kernelRelease({ sysctls }: Machine): Promise<string> {
  const release = await sysctls.read('kernel/osrelease');
  if (release !== undefined) return release;
  throw new HostError('examine this machine', '/proc/sys is missing (/proc not mounted, or with subset=pid)');
}

/** Undefined if the module is not loaded; doctor does not load it. */
async function readIpvs(sources: Sources, unknown: string[]): Promise<IpvsFacts | undefined> {
  if (!(await isLoaded('ip_vs'))) return undefined;
  let client: IpvsClient;
  try {
    client = await sources.client();
  } catch (error) {
    if (error instanceof UnavailableError && error.reason === 'no-ipvs') return undefined;
    throw error;
  }
  const services = [];
  for (const service of sortedBy(await client.services(), ({ id }) => serviceOrder(id))) {
    const newestFirst = await client.destinations(service.id);
    services.push({
      ...service,
      destinations: sortedBy(newestFirst, ({ id }) => destinationOrder(id)),
      additions: newestFirst.map(({ id }) => id).reverse(),
    });
  }
  return {
    services,
    daemons: await client.daemons(),
    timeouts: await client.timeouts(),
    connections: await groupConnections(sources.readFile(connectionTablePath)).catch((error) => {
      unknown.push(`the connection table: ${(error as Error).message}`);
      return [];
    }),
  };
}
