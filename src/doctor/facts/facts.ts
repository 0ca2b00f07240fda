/** The facts of a machine: everything that the checks need, read once, so that the checks are pure. */

import type { Endpoint } from '../../model/address.js';
import type { Daemon } from '../../model/daemon.js';
import type { DestinationId } from '../../model/destination.js';
import type { Protocol } from '../../model/service.js';
import type { DestinationEntry, ServiceEntry, Timeouts } from '../../model/table.js';
import type { InterfaceAddress, Link, Neighbour, Route } from '../../system/network/network.js';

export interface ServiceFacts extends ServiceEntry {
  /** Sorted by address and port. */
  readonly destinations: readonly DestinationEntry[];
  /** The servers in the order in which they were added: the kernel's list has the newest first. */
  readonly additions: readonly DestinationId[];
}

/** Connections of one service to one server, counted. */
export interface ConnectionGroup {
  /** The kernel's word: `TCP`. */
  readonly protocol: string;
  readonly virtual: Endpoint;
  readonly destination: Endpoint;
  /** Connections by state; persistence templates are not among them. */
  readonly states: Readonly<Record<string, number>>;
  readonly templates: number;
  /** Addresses of clients, at most three. */
  readonly clients: readonly string[];
  /** Seconds until the first of the ESTABLISHED connections expires. */
  readonly shortestLeft?: number | undefined;
}

export interface IpvsFacts {
  readonly services: readonly ServiceFacts[];
  readonly daemons: readonly Daemon[];
  readonly timeouts: Timeouts;
  readonly connections: readonly ConnectionGroup[];
}

export interface Listener {
  readonly protocol: Protocol;
  /** `0.0.0.0` and `::` are every address. */
  readonly address: string;
  readonly port: number;
}

/** A rule of netfilter that may conflict with IPVS. */
export interface FilterRule {
  /** As the program printed it, shortened. */
  readonly text: string;
  /** `postrouting`, `forward`; empty for a chain that no hook calls. */
  readonly hook: string;
  /** `nat`: translates addresses. `ct`: matches the state of connections. */
  readonly needs?: 'nat' | 'ct' | undefined;
  /** The mark that it sets; `any` if that depends on the packet. */
  readonly mark?: number | 'any' | undefined;
  /** Addresses and networks in the rule. */
  readonly addresses: readonly string[];
}

/** Another machine that answered an ARP request for an address of this machine. */
export interface ArpConflict {
  readonly address: string;
  /** Link on which it answered. */
  readonly device: string;
  /** Its MAC address. */
  readonly mac: string;
}

export interface MachineFacts {
  /** `6.1.0-18-amd64` */
  readonly kernel: string;
  /** Values by path below /proc/sys, of the settings that the kernel has. */
  readonly settings: Readonly<Record<string, string>>;
  readonly links: readonly Link[];
  readonly addresses: readonly InterfaceAddress[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  readonly listeners: readonly Listener[];
  /** Undefined if the kernel has no IPVS. */
  readonly ipvs?: IpvsFacts | undefined;
  /** Undefined if neither nft nor iptables is installed. */
  readonly rules?: readonly FilterRule[] | undefined;
  /** Names of the links that merge received TCP segments (LRO). */
  readonly lro: readonly string[];
  /** Empty without a probe. */
  readonly arpConflicts: readonly ArpConflict[];
  /** Facts that could not be read, with the reason. The checks that need them find nothing. */
  readonly unknown: readonly string[];
}

/** The subject of a diagnosis. */
export interface Scope {
  readonly roles: readonly Role[];
  /** Forwarding method by which this real server is reached, if the user names it. */
  readonly method?: 'dr' | 'tun' | 'nat' | undefined;
  /** Restricts the diagnosis to these VIPs; empty for all. */
  readonly vips: readonly string[];
  /** Address of the director, for a NAT server. */
  readonly gateway?: string | undefined;
  /** Nothing says that this is a real server, but an address that may be a VIP. */
  readonly assumed?: boolean | undefined;
}

export type Role = 'director' | 'real-server';
