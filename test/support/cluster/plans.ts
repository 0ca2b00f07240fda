// The networks that the three methods are proven in. Every host has addresses of both families.
import type { Family } from '../../../src/model/address.js';
import type { HostPlan, NetworkPlan } from '../net/plan.js';

/** The first part of a segment's addresses; the host's number follows. All from ranges set aside for documentation and benchmarks. */
const prefixes = {
  outside: { inet: '198.51.100.', inet6: '2001:db8:1::' },
  inside: { inet: '203.0.113.', inet6: '2001:db8:2::' },
  far: { inet: '198.18.0.', inet6: '2001:db8:3::' },
} as const;
export type Segment = keyof typeof prefixes;

/** The virtual addresses, which the routes of every network lead to the director. */
const vips = { inet: '192.0.2.', inet6: '2001:db8:f::' } as const;
const allVips = [`${vips.inet}0/24`, `${vips.inet6}/64`];

export const families: readonly Family[] = ['inet', 'inet6'];
const hostLength = { inet: 32, inet6: 128 } as const;

export const addressOf = (segment: Segment, host: number, family: Family): string =>
  prefixes[segment][family] + host;
export const vipOf = (number: number, family: Family): string => vips[family] + number;

/** The address alone, as a route to it or an address that no neighbour shares is written. */
export const hostRoute = (address: string, family: Family): string => `${address}/${hostLength[family]}`;

const both = (segment: Segment, ...hosts: number[]): string[] =>
  hosts.flatMap((host) => [
    `${addressOf(segment, host, 'inet')}/24`,
    `${addressOf(segment, host, 'inet6')}/64`,
  ]);

const via = (segment: Segment, host: number) => (to: string, index: number) =>
  `${to} via ${addressOf(segment, host, families[index % 2] ?? 'inet')}`;
const defaultsVia = (segment: Segment, host: number): string[] =>
  ['default', 'default'].map(via(segment, host));
const vipsVia = (segment: Segment, host: number): string[] => allVips.map(via(segment, host));

const forwarding = {
  'net.ipv4.ip_forward': 1,
  'net.ipv6.conf.all.forwarding': 1,
};

/** The hosts' numbers in their segments' addresses. */
export const numbers = { gateway: 1, director: 2, rs1: 11, rs2: 12, rs3: 13 } as const;
export const serverNames = ['rs1', 'rs2', 'rs3'] as const;
export type ServerName = (typeof serverNames)[number];

/** The client has several addresses of each family, so that it can be several clients. */
export const clientNumbers = [101, 102, 103, 104, 105, 106, 107, 108] as const;

const servers = (segment: Segment): NetworkPlan =>
  Object.fromEntries(
    serverNames.map((name): [string, HostPlan] => [
      name,
      { on: { [segment]: both(segment, numbers[name]) }, routes: defaultsVia(segment, numbers.gateway) },
    ]),
  );

const client: NetworkPlan = {
  client: {
    on: { outside: both('outside', ...clientNumbers) },
    routes: defaultsVia('outside', numbers.gateway),
  },
};

/** NAT: the director is the gateway between the clients and the real servers. */
const nat: NetworkPlan = {
  ...client,
  director: {
    on: { outside: both('outside', numbers.gateway), inside: both('inside', numbers.gateway) },
    sysctls: forwarding,
  },
  ...servers('inside'),
};

/** A router stands between the clients and the rest; the director is one host of several behind it. */
const routed = (...behind: Segment[]): NetworkPlan => ({
  ...client,
  router: {
    on: Object.fromEntries(
      (['outside', ...behind] as const).map((segment) => [segment, both(segment, numbers.gateway)]),
    ),
    routes: vipsVia('inside', numbers.director),
    sysctls: forwarding,
  },
  director: {
    on: { inside: both('inside', numbers.director) },
    routes: defaultsVia('inside', numbers.gateway),
  },
});

/** Direct routing: the director and the real servers share a segment. */
const dr: NetworkPlan = { ...routed('inside'), ...servers('inside') };

/** Tunneling: the real servers are in a network of their own, somewhere behind the router. */
const tun: NetworkPlan = { ...routed('inside', 'far'), ...servers('far') };

export type Shape = 'nat' | 'dr' | 'tun';

export interface ShapePlan {
  network: NetworkPlan;
  /** Where the real servers are. */
  servers: Segment;
  /** Where the director meets them, and its number there. */
  director: { segment: Segment; number: number };
}

const inside = (number: number) => ({ segment: 'inside', number }) as const;

export const shapes: Record<Shape, ShapePlan> = {
  nat: { network: nat, servers: 'inside', director: inside(numbers.gateway) },
  dr: { network: dr, servers: 'inside', director: inside(numbers.director) },
  tun: { network: tun, servers: 'far', director: inside(numbers.director) },
};
