/** Destinations: the real servers behind a virtual service. */
import { type Endpoint, formatEndpoint } from './address.js';
import type { DestinationNumber } from './fields.js';
import { isFwmark, type ServiceId } from './service.js';

/**
 * How packets reach the real server: by network address translation, in an IP tunnel, or by direct routing. `local` and
 * `bypass` are the kernel's own: it reports `local` for a destination whose address is the director's.
 */
export const forwardingMethods = ['dr', 'nat', 'tun', 'local', 'bypass'] as const;
export type ForwardingMethod = (typeof forwardingMethods)[number];

export type TunnelType = 'ipip' | 'gue' | 'gre';

/** Checksums of the encapsulation: none, computed, or remote checksum offload (gue only). */
export const tunnelChecksums = ['nocsum', 'csum', 'remcsum'] as const;
export type TunnelChecksum = (typeof tunnelChecksums)[number];

export interface Tunnel {
  readonly type: TunnelType;
  /** UDP port of the gue encapsulation, 1 to 65535; 0 for the others. */
  readonly port: number;
  readonly checksum: TunnelChecksum;
}

/**
 * The real server's IP address (RIP) and port. The family may differ from the service's with tunnels only; the port differs from the
 * service's with NAT only.
 */
export type DestinationId = Endpoint;

/** The numbers are those of `destinationNumbers` (model/fields.ts), which says what each means. */
export interface Destination extends Readonly<Record<DestinationNumber, number>> {
  readonly id: DestinationId;
  readonly method: ForwardingMethod;
  /** How `tun` encapsulates; meaningless for the other methods. */
  readonly tunnel: Tunnel;
}

/** The settings that each encapsulation has. */
export const tunnelTypes: Readonly<
  Record<TunnelType, { readonly port: boolean; readonly checksums: readonly TunnelChecksum[] }>
> = {
  ipip: { port: false, checksums: ['nocsum'] },
  gue: { port: true, checksums: ['nocsum', 'csum', 'remcsum'] },
  gre: { port: false, checksums: ['nocsum', 'csum'] },
};

export const plainTunnel: Tunnel = { type: 'ipip', port: 0, checksum: 'nocsum' };

/**
 * Whether packets come to a server at a port of its own. DR and TUN leave them as they are, so that the port is the
 * service's; a mark's service has none.
 */
export const hasOwnPort = (method: ForwardingMethod, of: ServiceId): boolean =>
  method === 'nat' || isFwmark(of);

/** Text that is equal for equal identities and unequal for others, within one service. */
export const destinationKey = (id: DestinationId): string => formatEndpoint(id.address, id.port);

/** How messages name a real server: `198.51.100.7:80`. */
export const describeDestination = destinationKey;
