/** The network of a machine: links, addresses, routes and neighbours. */
import { type Family, familyOf } from '../../model/address.js';
import type { codes } from '../rtnetlink/schema.js';

export interface Link {
  /** Number that the kernel gave it; it stays until the link is deleted. */
  readonly index: number;
  /** At most 15 bytes. */
  readonly name: string;
  /** `ipip`, `veth`, `dummy`...; empty for hardware and for the loopback. */
  readonly kind: string;
  readonly up: boolean;
  readonly loopback: boolean;
  /** Uses ARP for IPv4 and neighbour discovery for IPv6. */
  readonly arp: boolean;
  /** Bytes. */
  readonly mtu: number;
  /** Local address of a tunnel; undefined if it takes any, and for links that are no tunnels. */
  readonly local?: string | undefined;
  /** A text for administrators (`ip link set DEVICE alias TEXT`); undefined without one. */
  readonly alias?: string | undefined;
  /** `02:00:5e:10:00:01`; undefined if the link has none. */
  readonly mac?: string | undefined;
}

/** Prefix length of an address alone: 32 or 128. */
export const hostPrefix = (address: string): number => (familyOf(address) === 'inet' ? 32 : 128);

export interface InterfaceAddress {
  readonly address: string;
  /** 0 to 32 or 128. */
  readonly prefix: number;
  /** Name of the link. */
  readonly device: string;
  readonly scope: Scope;
  /** Duplicate address detection found another owner: the kernel does not use the address. */
  readonly duplicate: boolean;
}

/** How far an address or a route reaches; a number without a name in iproute2's defaults stays a number. */
export type Scope = keyof typeof codes.scope | number;

/** Numbers of routing tables. */
export const routingTables = { main: 254, local: 255 } as const;

export interface Route {
  readonly family: Family;
  /** `default`, or what ip(8) prints: `192.0.2.0/24`. */
  readonly destination: string;
  readonly table: number;
  readonly type: RouteType;
  readonly gateway?: string | undefined;
  /** Name of the link that packets leave by. */
  readonly device?: string | undefined;
  /** The lowest wins; 0 is IPv4's default. */
  readonly metric: number;
  /** Header and attributes of the whole message, to restore the route with everything it had. */
  readonly raw: Uint8Array;
}

/** Rare types stay numbers. */
export type RouteType = keyof typeof codes.routeType | number;

export type NeighbourState = keyof typeof codes.neighbourState;

export interface Neighbour {
  readonly address: string;
  readonly device: string;
  readonly mac?: string | undefined;
  readonly state: NeighbourState;
}

/** Kinds of links that are tunnels. */
export const tunnelKinds = ['ipip', 'sit', 'ip6tnl', 'gre', 'ip6gre'] as const;

/** A link to create. */
export interface NewLink {
  readonly name: string;
  readonly kind: 'dummy' | (typeof tunnelKinds)[number];
  /** Local address of the tunnel; without it the tunnel takes the packets that no other tunnel takes. */
  readonly local?: string | undefined;
  /** Far end of the tunnel; without it the tunnel sends nothing. */
  readonly remote?: string | undefined;
  /** GRE with a checksum; both ends have to agree. */
  readonly checksum?: boolean | undefined;
  /** The tunnel's packets go in UDP (GUE), to this port. */
  readonly gue?: { readonly port: number; readonly checksum: 'nocsum' | 'csum' | 'remcsum' } | undefined;
}

/** Kinds of links that stand beside another one, in its network. An `ipvlan` has the MAC address of that one. */
export const besideKinds = ['macvlan', 'ipvlan'] as const;

/** A link beside another one, to be created in the network namespace of a process. */
export interface LinkBeside {
  readonly name: string;
  readonly kind: (typeof besideKinds)[number];
  /** The link beside which it is; it is in the caller's namespace. */
  readonly device: string;
  /** Number of the process. */
  readonly process: number;
}

/**
 * A virtual address to add to a link. An IPv6 address skips duplicate address detection, because another machine does have a
 * virtual address, and is never chosen as the source of the machine's own packets.
 */
export interface NewAddress {
  readonly address: string;
  /** 32 or 128. */
  readonly prefix: number;
  readonly device: string;
  /** IPv4 only: `host` keeps the kernel from choosing the address as the source of the machine's own packets. */
  readonly scope: 'global' | 'host';
}

/** A route to one address in a table of its own. */
export interface HostRoute {
  readonly destination: string;
  /** Reached on the link, whatever other routes say. */
  readonly gateway?: string | undefined;
  readonly device: string;
  readonly table: number;
  /** TTL of packets without one of their own, 1 to 255. */
  readonly hopLimit: number;
}

/** A rule that chooses a table: for packets from these ports, or of ICMP. */
export interface RoutingRule {
  readonly family: Family;
  readonly table: number;
  /** The lowest is asked first. */
  readonly priority: number;
  /** The first and the last one. */
  readonly sourcePorts?: readonly [number, number];
  readonly icmp?: true;
}

/** How the kernel would send packets to an address. */
export interface WayTo {
  readonly type: RouteType;
  readonly device?: string | undefined;
  readonly gateway?: string | undefined;
}

export interface DefaultRoute {
  readonly gateway: string;
  readonly device?: string | undefined;
  readonly metric: number;
}
