/** What a machine's network is made of, as far as a virtual server depends on it. */
import type { Family } from '../model/address.js';

export interface Link {
  /** Number that the kernel gave it; it stays until the link is deleted. */
  readonly index: number;
  /** At most 15 bytes. */
  readonly name: string;
  /** `ipip`, `veth`, `dummy`...; empty for hardware and for the loopback. */
  readonly kind: string;
  readonly up: boolean;
  readonly loopback: boolean;
  /** Asks and answers who has an address: ARP for IPv4, neighbour discovery for IPv6. */
  readonly arp: boolean;
  /** Bytes. */
  readonly mtu: number;
  /** Address at which a tunnel ends here; undefined where it takes any, and for links that are no tunnels. */
  readonly local?: string | undefined;
  /** `02:00:5e:10:00:01`; undefined where the link has no address of its own. */
  readonly mac?: string | undefined;
}

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

/** How far an address or a route reaches; numbers that administrators made up stay numbers. */
export type Scope = 'global' | 'site' | 'link' | 'host' | 'nowhere' | number;

export interface Route {
  readonly family: Family;
  /** `default`, or what ip(8) prints: `192.0.2.0/24`. */
  readonly destination: string;
  /** 254 is the main table, 255 the kernel's own of local addresses. */
  readonly table: number;
  readonly type: RouteType;
  readonly gateway?: string | undefined;
  /** Name of the link that packets leave by. */
  readonly device?: string | undefined;
  /** Source address that the kernel prefers on this route. */
  readonly source?: string | undefined;
  /** The lowest wins; 0 is IPv4's default. */
  readonly metric: number;
  /** The whole message, so that a route that was replaced comes back with everything it had. */
  readonly raw: Uint8Array;
}

/** Numbers are types that are rare and mean nothing here. */
export type RouteType =
  | 'unicast'
  | 'local'
  | 'broadcast'
  | 'multicast'
  | 'blackhole'
  | 'unreachable'
  | number;

export type NeighbourState =
  | 'incomplete'
  | 'reachable'
  | 'stale'
  | 'delay'
  | 'probe'
  | 'failed'
  | 'noarp'
  | 'permanent'
  | 'none';

export interface Neighbour {
  readonly address: string;
  readonly device: string;
  readonly mac?: string | undefined;
  readonly state: NeighbourState;
}

/** A link to be made. */
export interface NewLink {
  readonly name: string;
  readonly kind: 'dummy' | 'ipip' | 'sit' | 'ip6tnl' | 'gre' | 'ip6gre';
  /** Address at which the tunnel ends here; without it the tunnel takes what no other takes. */
  readonly local?: string | undefined;
  /** GRE with a checksum, which both ends have to agree on. */
  readonly checksum?: boolean | undefined;
}

/**
 * A virtual address to be put on a link. With IPv6 it is used at once, without asking the link whether somebody else has
 * it (somebody has: that is what a virtual address is for), and never as the source of what the machine sends by itself.
 */
export interface NewAddress {
  readonly address: string;
  /** 32 or 128. */
  readonly prefix: number;
  readonly device: string;
  /** IPv4 only: `host` keeps it from becoming the source of what the machine sends by itself. */
  readonly scope: 'global' | 'host';
}

export interface DefaultRoute {
  readonly gateway: string;
  readonly device?: string | undefined;
  readonly metric: number;
}
