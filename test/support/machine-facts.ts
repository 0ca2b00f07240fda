/** Machines on paper: healthy ones, to be broken in one place. */
import type { ConnectionGroup, MachineFacts, ServiceFacts } from '../../src/doctor/facts/facts.js';
import { type Destination, plainTunnel } from '../../src/model/destination.js';
import type { ServiceId } from '../../src/model/service.js';
import { counterNames, type Stats } from '../../src/model/stats.js';
import type { DestinationEntry } from '../../src/model/table.js';
import type { InterfaceAddress, Link, Route } from '../../src/system/network/network.js';

const noStats = Object.fromEntries(counterNames.map((name) => [name, 0n])) as unknown as Stats;

export const VIP = '192.0.2.10';
export const VIP6 = '2001:db8::10';
export const SERVERS = ['10.1.0.7', '10.1.0.8'] as const;

export const link = (name: string, other: Partial<Link> = {}): Link => ({
  index: 2,
  name,
  kind: '',
  up: true,
  loopback: false,
  arp: true,
  mtu: 1500,
  mac: '02:00:00:00:00:02',
  ...other,
});

export const loopback = link('lo', { index: 1, loopback: true, arp: false, mtu: 65536 });

export const address = (
  text: string,
  device: string,
  other: Partial<InterfaceAddress> = {},
): InterfaceAddress => {
  const [bare = '', prefix] = text.split('/');
  return { address: bare, prefix: Number(prefix), device, scope: 'global', duplicate: false, ...other };
};

export const route = (destination: string, device: string, other: Partial<Route> = {}): Route => ({
  family: destination.includes(':') ? 'inet6' : 'inet',
  destination,
  table: 254,
  type: 'unicast',
  device,
  metric: 0,
  raw: new Uint8Array(),
  ...other,
});

export const server = (at: string, other: Partial<DestinationEntry> = {}, port = 80): DestinationEntry => ({
  id: { address: at, port },
  method: 'nat',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: plainTunnel,
  activeConnections: 0,
  inactiveConnections: 0,
  persistentConnections: 0,
  stats: noStats,
  ...other,
});

export const web: ServiceId = { protocol: 'tcp', address: VIP, port: 80 };

export const service = (
  id: ServiceId = web,
  destinations: readonly DestinationEntry[] = SERVERS.map((at) => server(at)),
): ServiceFacts => ({
  id,
  scheduler: 'wlc',
  schedulerFlags: [],
  onePacket: false,
  stats: noStats,
  destinations,
  additions: destinations.map(({ id }) => id),
});

export const group = (
  states: Record<string, number>,
  other: Partial<ConnectionGroup> = {},
): ConnectionGroup => ({
  protocol: 'TCP',
  virtual: { address: VIP, port: 80 },
  destination: { address: SERVERS[0], port: 80 },
  states,
  templates: 0,
  clients: ['203.0.113.9'],
  ...other,
});

/** All servers of a service by another method. */
export const by = (method: Destination['method'], other: Partial<DestinationEntry> = {}): ServiceFacts =>
  service(
    web,
    SERVERS.map((at) => server(at, { method, ...other })),
  );

/** A NAT director with two links: clients on `front`, servers on `back`. */
export const director: MachineFacts = {
  kernel: '6.1.0-18-amd64',
  settings: {
    'net/ipv4/ip_forward': '1',
    'net/ipv4/conf/all/forwarding': '1',
    'net/ipv4/conf/front/forwarding': '1',
    'net/ipv4/conf/back/forwarding': '1',
    'net/ipv4/conf/all/send_redirects': '1',
    'net/ipv4/conf/front/send_redirects': '1',
    'net/ipv4/conf/back/send_redirects': '1',
    'net/ipv6/conf/all/forwarding': '0',
    'net/ipv6/conf/back/forwarding': '0',
    'net/ipv4/vs/conntrack': '0',
    'net/ipv4/vs/expire_nodest_conn': '0',
    'net/ipv4/vs/expire_quiescent_template': '0',
    'net/ipv4/vs/conn_reuse_mode': '1',
    'net/ipv4/vs/sloppy_tcp': '0',
    'net/ipv4/vs/backup_only': '0',
    'net/ipv4/vs/pmtu_disc': '1',
    'net/netfilter/nf_conntrack_count': '10',
    'net/netfilter/nf_conntrack_max': '65536',
  },
  links: [loopback, link('front', { index: 2 }), link('back', { index: 3 })],
  addresses: [
    address('127.0.0.1/8', 'lo', { scope: 'host' }),
    address('192.0.2.1/24', 'front'),
    address(`${VIP}/32`, 'front'),
    address('10.1.0.1/24', 'back'),
    address('fd01::1/64', 'back'),
  ],
  routes: [
    route('192.0.2.0/24', 'front'),
    route('10.1.0.0/24', 'back'),
    route('default', 'front', { gateway: '192.0.2.254' }),
    route('fd01::/64', 'back', { metric: 256 }),
    route(`${VIP}/32`, 'front', { type: 'local', table: 255 }),
  ],
  neighbours: SERVERS.map((at) => ({
    address: at,
    device: 'back',
    mac: '02:00:00:00:00:07',
    state: 'reachable' as const,
  })),
  listeners: [],
  ipvs: {
    services: [service()],
    daemons: [],
    timeouts: { tcp: 900, tcpFin: 120, udp: 300 },
    connections: [group({ ESTABLISHED: 5, TIME_WAIT: 2 }, { shortestLeft: 880 })],
  },
  rules: [],
  lro: [],
  arpConflicts: [],
  unknown: [],
};

/** A real server for direct routing, and for tunnels as well: one VIP on lo, another on tunl0. */
export const realServer: MachineFacts = {
  kernel: '6.1.0-18-amd64',
  settings: {
    'net/ipv4/ip_forward': '0',
    'net/ipv4/conf/all/arp_ignore': '1',
    'net/ipv4/conf/all/arp_announce': '2',
    'net/ipv4/conf/all/rp_filter': '1',
    'net/ipv4/conf/eth0/arp_ignore': '0',
    'net/ipv4/conf/eth0/arp_announce': '0',
    'net/ipv4/conf/eth0/rp_filter': '0',
    'net/ipv4/conf/lo/arp_ignore': '0',
    'net/ipv4/conf/tunl0/arp_ignore': '0',
    'net/ipv4/conf/tunl0/rp_filter': '2',
  },
  links: [
    loopback,
    link('eth0'),
    link('tunl0', { index: 3, kind: 'ipip', arp: false, mac: undefined, mtu: 1480 }),
  ],
  addresses: [
    address('127.0.0.1/8', 'lo', { scope: 'host' }),
    address('::1/128', 'lo', { scope: 'host' }),
    address('10.1.0.7/24', 'eth0'),
    address(`${VIP}/32`, 'lo', { scope: 'host' }),
    address(`${VIP6}/128`, 'lo'),
    address('192.0.2.11/32', 'tunl0', { scope: 'host' }),
  ],
  routes: [route('10.1.0.0/24', 'eth0'), route('default', 'eth0', { gateway: '10.1.0.1' })],
  neighbours: [],
  listeners: [{ protocol: 'tcp', address: '::', port: 80 }],
  rules: undefined,
  lro: [],
  arpConflicts: [],
  unknown: [],
};

/** The same machine with other settings. */
export const withSettings = (facts: MachineFacts, settings: Record<string, string>): MachineFacts => ({
  ...facts,
  settings: { ...facts.settings, ...settings },
});

export const withIpvs = (
  facts: MachineFacts,
  ipvs: Partial<NonNullable<MachineFacts['ipvs']>>,
): MachineFacts => ({
  ...facts,
  ipvs: {
    services: [],
    daemons: [],
    connections: [],
    timeouts: { tcp: 900, tcpFin: 120, udp: 300 },
    ...facts.ipvs,
    ...ipvs,
  },
});
