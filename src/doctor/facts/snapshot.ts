/** Reads everything that a diagnosis needs, once. */
import { readFile } from 'node:fs/promises';
import { HostError, KernelError, UnavailableError } from '../../errors.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { connectionTablePath } from '../../ipvs/connections/proc.js';
import type { OpenSocket } from '../../netlink/transport/socket.js';
import type { Machine } from '../../system/machine.js';
import { isLoaded } from '../../system/modules.js';
import type { Link } from '../../system/network.js';
import { interfaceSetting, type Sysctls } from '../../system/sysctl.js';
import { VS_DIRECTORY } from '../../system/vs-settings.js';
import { readClaims } from './arp-conflicts.js';
import { groupConnections } from './connections.js';
import type { IpvsFacts, MachineFacts } from './facts.js';
import { readListeners } from './listeners.js';
import { mergingLinks } from './lro.js';
import { readRules } from './rules.js';

/** Where the facts come from. */
export interface Sources {
  readonly machine: Machine;
  readonly openSocket: OpenSocket;
  client(): Promise<IpvsClient>;
  readFile(path: string): AsyncIterable<Uint8Array>;
  /** Whether the network may be asked who has the VIPs. */
  readonly ask: boolean;
}

/** @throws KernelError, TransportError, UnavailableError where nothing at all can be read, as without the rights to */
export async function takeSnapshot(sources: Sources): Promise<MachineFacts> {
  const { machine, openSocket } = sources;
  const unknown: string[] = [];
  const route = await machine.route();
  const links = await route.links();
  // One after another on one socket; the files and programs meanwhile.
  const [settings, listeners, rules, merging, kernel, ipvs] = await Promise.all([
    readSettings(machine.sysctls, links),
    readListeners(),
    readRules((what) => unknown.push(what)),
    mergingLinks(openSocket).catch((error) => {
      if (!(error instanceof KernelError)) throw error;
      unknown.push(`which links merge segments (LRO): the kernel does not tell (${error.code})`);
      return [];
    }),
    readFile('/proc/sys/kernel/osrelease', 'utf8'),
    readIpvs(sources, unknown),
  ]);
  const facts: MachineFacts = {
    kernel: kernel.trim(),
    settings,
    links,
    addresses: await route.addresses(),
    routes: await route.routes(),
    neighbours: await route.neighbours(),
    listeners,
    ipvs,
    rules,
    merging,
    claims: [],
    unknown,
  };
  return sources.ask ? { ...facts, claims: await readClaims(facts, route, unknown) } : facts;
}

const ofInterface = {
  ipv4: ['arp_ignore', 'arp_announce', 'rp_filter', 'forwarding', 'send_redirects'],
  ipv6: ['forwarding'],
} as const;

const ofMachine = [
  'net/ipv4/ip_forward',
  'net/netfilter/nf_conntrack_count',
  'net/netfilter/nf_conntrack_max',
];

async function readSettings(sysctls: Sysctls, links: readonly Link[]): Promise<Record<string, string>> {
  const devices = ['all', ...links.map(({ name }) => name)];
  const paths = [
    ...ofMachine,
    ...devices.flatMap((device) => [
      ...ofInterface.ipv4.map((name) => interfaceSetting('ipv4', device, name)),
      ...ofInterface.ipv6.map((name) => interfaceSetting('ipv6', device, name)),
    ]),
    ...(await sysctls.list(VS_DIRECTORY)).map((name) => `${VS_DIRECTORY}/${name}`),
  ];
  const values: Record<string, string> = {};
  for (const path of paths) {
    // Some, such as those of other namespaces' defences, cannot be read: they are as good as missing.
    const value = await sysctls.read(path).catch((error) => {
      if (error instanceof HostError) return undefined;
      throw error;
    });
    if (value !== undefined) values[path] = value;
  }
  return values;
}

/** IPVS is looked at where it is, and not loaded for the sake of looking. */
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
  for (const service of await client.services()) {
    services.push({ ...service, destinations: await client.destinations(service.id) });
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
