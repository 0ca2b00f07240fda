/** What a diagnosis knows of a machine: everything it needs, read once, so that the checks themselves are pure. */

import type { Endpoint } from '../../model/address.js';
import type { Daemon } from '../../model/daemon.js';
import type { Protocol } from '../../model/service.js';
import type { DestinationEntry, ServiceEntry, Timeouts } from '../../model/table.js';
import type { InterfaceAddress, Link, Neighbour, Route } from '../../system/network.js';

export interface ServiceFacts extends ServiceEntry {
  readonly destinations: readonly DestinationEntry[];
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
  /** Some clients, at most three. */
  readonly clients: readonly string[];
  /** Seconds that the connection has left which is closest to being forgotten, of those that are ESTABLISHED. */
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

/** One rule of netfilter that IPVS and it may quarrel about. */
export interface FilterRule {
  /** As the program printed it, shortened. */
  readonly text: string;
  /** Where packets meet it: `postrouting`, `forward`. */
  readonly hook: string;
  /** Translates addresses, or looks at the state of connections. */
  readonly needs?: 'nat' | 'ct' | undefined;
  /** The mark it sets; `any` where that depends on the packet. */
  readonly mark?: number | 'any' | undefined;
  /** Addresses and networks that it names. */
  readonly addresses: readonly string[];
}

export interface Claim {
  readonly address: string;
  /** Link that the answer came in by. */
  readonly device: string;
  /** MAC address of the machine that answered. */
  readonly mac: string;
}

export interface MachineFacts {
  /** `6.1.0-18-amd64` */
  readonly kernel: string;
  /** Values by path below /proc/sys; what the kernel does not have is missing. */
  readonly settings: Readonly<Record<string, string>>;
  readonly links: readonly Link[];
  readonly addresses: readonly InterfaceAddress[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  readonly listeners: readonly Listener[];
  /** Undefined where the kernel has no IPVS. */
  readonly ipvs?: IpvsFacts | undefined;
  /** Undefined where there is neither nft nor iptables to ask. */
  readonly rules?: readonly FilterRule[] | undefined;
  /** Names of the links that merge received TCP segments (LRO). */
  readonly merging: readonly string[];
  /** Machines of the network that say they have an address of this one, where they were asked. */
  readonly claims: readonly Claim[];
  /** What could not be read, and why: what hangs on it was not checked. */
  readonly unknown: readonly string[];
}

/** What the diagnosis is about. */
export interface Scope {
  readonly roles: readonly Role[];
  /** How this real server is reached, if the user says so. */
  readonly method?: 'dr' | 'tun' | 'nat' | undefined;
  /** The VIPs in question; none for all that can be found. */
  readonly vips: readonly string[];
  /** The director that a NAT server's answers have to go through. */
  readonly gateway?: string | undefined;
}

export type Role = 'director' | 'real-server';
