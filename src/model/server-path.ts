/** The way of a director's packets to one server, for checks that take it. It is plain data, fit for JSON. */
import { familyOf } from './address.js';
import type { Leg } from './check.js';
import type { Destination, Tunnel } from './destination.js';
import { isFwmark, type ServiceId } from './service.js';

/** Where packets to a virtual address go. */
export interface ServerPath {
  /** The virtual address, which the server is to answer as. */
  readonly vip: string;
  /** The server's own address. */
  readonly server: string;
  /** Undefined with direct routing. */
  readonly tunnel?: Tunnel | undefined;
}

/** A path, or why the server answers as no virtual address. */
export type PathOrReason =
  | { readonly path: ServerPath; readonly reason?: undefined }
  | { readonly path?: undefined; readonly reason: string };

export function pathTo(service: ServiceId, { id, method, tunnel }: Destination): PathOrReason {
  if (isFwmark(service)) {
    return { reason: 'a service of a mark has no address that its servers could answer as' };
  }
  const ends = { vip: service.address, server: id.address };
  if (method === 'dr') return { path: ends };
  if (method === 'tun') return { path: { ...ends, tunnel } };
  return { reason: noPath[method] };
}

const noPath: Readonly<Record<Exclude<Destination['method'], 'dr' | 'tun'>, string>> = {
  nat: 'with NAT a server answers as itself, and its replies pass the director: check its own address',
  local: 'the server is this machine',
  bypass: 'bypass has no server',
};

/** What a leg lacks for a path, in words; undefined if it has addresses of both families that the path needs. */
export function lackOf({ address }: Leg, { vip, server }: ServerPath): string | undefined {
  const needed = [vip, server].find((end) => !address.some((own) => familyOf(own) === familyOf(end)));
  if (needed === undefined) return undefined;
  return `an ${familyOf(needed) === 'inet' ? 'IPv4' : 'IPv6'} address is missing, to reach ${needed}`;
}
