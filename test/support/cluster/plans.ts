// The networks that the three methods are proven in. Every host has addresses of both families.
import type { HostPlan, NetworkPlan } from '../net/plan.js';
import {
  addressOf,
  allVips,
  clientNumbers,
  families,
  numbers,
  type Segment,
  serverNames,
} from './addresses.js';

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

/** Reverse path filtering is strict, as distributions have it: setting a server up has to cope with that. */
const servers = (segment: Segment, routes: string[]): NetworkPlan =>
  Object.fromEntries(
    serverNames.map((name): [string, HostPlan] => [
      name,
      {
        on: { [segment]: both(segment, numbers[name]) },
        routes,
        sysctls: { 'net.ipv4.conf.all.rp_filter': 1 },
      },
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
  // Their way back is part of setting them up.
  ...servers('inside', []),
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
const dr: NetworkPlan = { ...routed('inside'), ...servers('inside', defaultsVia('inside', numbers.gateway)) };

/** Tunneling: the real servers are in a network of their own, somewhere behind the router. */
const tun: NetworkPlan = {
  ...routed('inside', 'far'),
  ...servers('far', defaultsVia('far', numbers.gateway)),
};

/** All methods side by side: director and real servers share a segment, and the director can be a router for it. */
const mixed: NetworkPlan = {
  ...dr,
  director: {
    ...dr['director'],
    on: { inside: both('inside', numbers.director) },
    sysctls: {
      ...forwarding,
      // Else it would show NAT's servers the shorter way to the clients: past itself.
      'net.ipv4.conf.all.send_redirects': 0,
      'net.ipv4.conf.default.send_redirects': 0,
      'net.ipv4.conf.inside.send_redirects': 0,
    },
  },
};

export type Method = 'nat' | 'dr' | 'tun';
export type Shape = Method | 'mixed';

export interface ShapePlan {
  network: NetworkPlan;
  /** Of services that name none. */
  method: Method;
  /** Where the real servers are. */
  servers: Segment;
  /** Where the director meets them, and its number there. */
  director: { segment: Segment; number: number };
}

const inside = (number: number) => ({ segment: 'inside', number }) as const;

export const shapes: Record<Shape, ShapePlan> = {
  nat: { method: 'nat', network: nat, servers: 'inside', director: inside(numbers.gateway) },
  dr: { method: 'dr', network: dr, servers: 'inside', director: inside(numbers.director) },
  tun: { method: 'tun', network: tun, servers: 'far', director: inside(numbers.director) },
  mixed: { method: 'nat', network: mixed, servers: 'inside', director: inside(numbers.director) },
};
