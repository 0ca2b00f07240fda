// What a real server needs for each method: the VIP where no ARP or neighbour request finds it, and the tunnel's end.
import { loadModule } from '../../../src/host/modules.js';
import { type Family, familyOf } from '../../../src/model/address.js';
import type { Tunnel } from '../../../src/model/destination.js';
import type { Host } from '../net/host.js';
import { guePort } from '../net/packet.js';
import { addressLine, type Sysctls } from '../net/plan.js';
import { ip } from '../net/run.js';
import { families, hostRoute } from './addresses.js';

export type Setup =
  | { method: 'nat' }
  | { method: 'dr'; vip: string }
  /** `address` is the real server's own, where the tunnel ends. */
  | { method: 'tun'; vip: string; address: string; tunnel: Tunnel };

const tunnelDevice = 'tunnel';

/**
 * The VIP stands on no interface that a neighbour could ask about, and no answer or request names it. What comes out of
 * a tunnel has a source whose route does not lead into it: no device, not even one yet to come, may mind.
 */
export const sysctls: Sysctls = {
  'net.ipv4.conf.all.arp_ignore': 1,
  'net.ipv4.conf.all.arp_announce': 2,
  'net.ipv4.conf.all.rp_filter': 0,
  'net.ipv4.conf.default.rp_filter': 0,
};

/**
 * Opens the UDP port where generic UDP encapsulation of either family ends; what it held goes to a tunnel device as if
 * it had come plain.
 */
export async function listenForGue(hosts: readonly Host[]): Promise<void> {
  // The kernel loads most modules that are missing by itself, but not these.
  await Promise.all(['fou', 'fou6'].map(loadModule));
  const lines = [`fou add port ${guePort} gue`];
  await Promise.all(hosts.flatMap((host) => families.map((family) => ip(host.namespace, lines, family))));
}

export async function setUp(host: Host, setup: Setup): Promise<void> {
  await host.ip(linesToSetUp(setup));
}

export async function tearDown(host: Host, setup: Setup): Promise<void> {
  await host.ip(linesToTearDown(setup));
}

function linesToSetUp(setup: Setup): string[] {
  if (setup.method === 'nat') return [];
  const family = familyOf(setup.vip);
  const vip = hostRoute(setup.vip, family);
  if (setup.method === 'dr') return [addressLine(vip, 'lo')];
  const type = deviceType(setup.tunnel, familyOf(setup.address), family);
  return [
    `link add ${tunnelDevice} type ${type} local ${setup.address}`,
    `link set ${tunnelDevice} up`,
    addressLine(vip, tunnelDevice),
  ];
}

function linesToTearDown(setup: Setup): string[] {
  if (setup.method === 'nat') return [];
  if (setup.method === 'tun') return [`link delete ${tunnelDevice}`];
  return [`address delete ${hostRoute(setup.vip, familyOf(setup.vip))} dev lo`];
}

/** The type of the device that takes packets of family `inner` out of packets of family `outer`. */
function deviceType({ type, checksum }: Tunnel, outer: Family, inner: Family): string {
  // A GRE device takes either only packets with checksums, or only packets without.
  if (type === 'gre') return `${outer === 'inet' ? 'gre' : 'ip6gre'}${checksum === 'csum' ? ' icsum' : ''}`;
  if (outer === 'inet6') return 'ip6tnl mode any';
  return inner === 'inet' ? 'ipip' : 'sit';
}
