/** Virtual services: the addresses that clients connect to. */
import { type Endpoint, type Family, familyOf, formatEndpoint } from './address.js';
import type { ServiceSwitch } from './fields.js';
import type { SchedulerFlag } from './schedulers.js';

export type Protocol = 'tcp' | 'udp' | 'sctp';

/** A service identified by protocol, virtual IP address (VIP) and port. Port 0 means every port (with persistence only). */
export interface EndpointId extends Endpoint {
  readonly protocol: Protocol;
}

/** A service identified by the firewall mark that netfilter gives its packets. */
export interface FwmarkId {
  /** 1 to 4294967295. */
  readonly fwmark: number;
  readonly family: Family;
}

export type ServiceId = EndpointId | FwmarkId;

/** Packets of one client go to one real server for as long as a template lives. */
export interface Persistence {
  /** Seconds, 1 to 2678400 (31 days; default: 360). */
  readonly timeout: number;
  /** Which clients count as one: a dotted mask for IPv4 (`255.255.255.0`), a prefix length for IPv6 (`64`). */
  readonly netmask: string;
  /** Persistence engine that recognises clients by content, `sip` being the kernel's only one. */
  readonly engine?: string | undefined;
}

/** The switches are those of `serviceSwitches` (model/fields.ts). */
export interface Service extends Readonly<Record<ServiceSwitch, boolean>> {
  readonly id: ServiceId;
  /** Name of the scheduling algorithm, as its kernel module is called after `ip_vs_`: `wlc`, `rr`. */
  readonly scheduler: string;
  readonly schedulerFlags: readonly SchedulerFlag[];
  readonly persistence?: Persistence | undefined;
}

/** Defaults: ipvsadm(8). */
export const defaults = {
  scheduler: 'wlc',
  persistenceTimeout: 360,
  netmask: { inet: '255.255.255.255', inet6: '128' } satisfies Record<Family, string>,
} as const;

export const isFwmark = (id: ServiceId): id is FwmarkId => 'fwmark' in id;

export const serviceFamily = (id: ServiceId): Family => (isFwmark(id) ? id.family : familyOf(id.address));

/** Text that is equal for equal identities and unequal for others. */
export function serviceKey(id: ServiceId): string {
  return isFwmark(id)
    ? `fwmark ${id.fwmark} ${id.family}`
    : `${id.protocol} ${formatEndpoint(id.address, id.port)}`;
}

/** How messages name a service: `TCP 192.0.2.1:80`, `FWM 7`, `FWM 7 IPv6`. */
export function describeService(id: ServiceId): string {
  if (isFwmark(id)) return `FWM ${id.fwmark}${id.family === 'inet6' ? ' IPv6' : ''}`;
  return `${id.protocol.toUpperCase()} ${formatEndpoint(id.address, id.port)}`;
}
