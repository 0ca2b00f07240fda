/** Between rtnetlink's messages and what the rest of the program knows of a network. */
import { ProtocolError } from '../../errors.js';
import { addressBytes, addressLength, type Family, familyOf, formatAddress } from '../../model/address.js';
import type { Rows } from '../../netlink/attributes.js';
import { Reader, Writer } from '../../netlink/bytes.js';
import type { Fields } from '../../netlink/struct.js';
import type {
  DefaultRoute,
  InterfaceAddress,
  Link,
  Neighbour,
  NewAddress,
  NewLink,
  Route,
} from '../network.js';
import type { Asked, Body } from './messages.js';
import {
  addressFlag,
  type address as addressObject,
  codes,
  GRE_CHECKSUM,
  GreData,
  linkFlag,
  type link as linkObject,
  type neighbour as neighbourObject,
  type RouteObject,
  type route as routeObject,
  TunnelData,
} from './schema.js';

type BodyOf<O> = O extends RouteObject<infer F extends Fields, infer R extends Rows> ? Body<F, R> : never;
type AskedOf<O> = O extends RouteObject<infer F extends Fields, infer R extends Rows> ? Asked<F, R> : never;

/** The name of a link by its number: links and the rest are told in separate answers. */
export type LinkNames = ReadonlyMap<number, string>;

const inverse = <N extends string>(table: Readonly<Record<N, number>>): ReadonlyMap<number, N> =>
  new Map((Object.entries(table) as [N, number][]).map(([name, value]) => [value, name]));

const scopeNames = inverse(codes.scope);
const routeTypeNames = inverse(codes.routeType);
const neighbourStateNames = inverse(codes.neighbourState);

/** A link may come or go between two answers; its number is then all there is to say. */
const linkName = (names: LinkNames, index: number): string => names.get(index) ?? `#${index}`;

function readAddress(bytes: Uint8Array | undefined, family: Family): string | undefined {
  if (bytes === undefined) return undefined;
  if (bytes.length !== addressLength[family]) {
    throw new ProtocolError(`expected ${addressLength[family]} bytes, got ${bytes.length}`, ['address']);
  }
  return formatAddress(bytes, 0, family);
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const readMac = (bytes: Uint8Array | undefined): string | undefined =>
  bytes?.length === 6 ? [...bytes].map(hex).join(':') : undefined;
const macBytes = (mac: string): Uint8Array =>
  Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16));

export function readLink({ header, attributes }: BodyOf<typeof linkObject>): Link {
  const { flags } = header;
  const loopback = (flags & linkFlag.loopback) !== 0;
  return {
    index: header.index,
    name: attributes.name ?? '',
    kind: attributes.info?.kind ?? '',
    up: (flags & linkFlag.up) !== 0,
    loopback,
    arp: !loopback && (flags & linkFlag.noArp) === 0,
    mtu: attributes.mtu ?? 0,
    local: localEnd(attributes.info),
    mac: readMac(attributes.mac),
  };
}

/** Which attribute of a tunnel's data is the address it ends at. */
const dataSets: Readonly<Record<string, typeof TunnelData | typeof GreData>> = {
  ipip: TunnelData,
  sit: TunnelData,
  ip6tnl: TunnelData,
  gre: GreData,
  ip6gre: GreData,
};

function localEnd(info: BodyOf<typeof linkObject>['attributes']['info']): string | undefined {
  const set = dataSets[info?.kind ?? ''];
  if (set === undefined || info?.data === undefined) return undefined;
  const { local } = set.get(new Reader(info.data), 0, info.data.length);
  return local?.some((byte) => byte !== 0) ? formatAddress(local) : undefined;
}

export function readInterfaceAddress(
  { header, attributes }: BodyOf<typeof addressObject>,
  family: Family,
  names: LinkNames,
): InterfaceAddress {
  const address = readAddress(attributes.local ?? attributes.address, family);
  if (address === undefined) throw new ProtocolError('missing', ['address']);
  return {
    address,
    prefix: header.prefix,
    device: linkName(names, header.index),
    scope: scopeNames.get(header.scope) ?? header.scope,
    duplicate: ((attributes.flags ?? header.flags) & addressFlag.duplicate) !== 0,
  };
}

export function readRoute(
  { header, attributes, raw }: BodyOf<typeof routeObject>,
  family: Family,
  names: LinkNames,
): Route {
  const network = readAddress(attributes.destination, family);
  return {
    family,
    destination: network === undefined ? 'default' : `${network}/${header.destinationLength}`,
    table: attributes.table ?? header.table,
    type: routeTypeNames.get(header.type) ?? header.type,
    gateway: readAddress(attributes.gateway, family),
    device: attributes.device === undefined ? undefined : linkName(names, attributes.device),
    source: readAddress(attributes.source, family),
    metric: attributes.metric ?? 0,
    raw,
  };
}

export function readNeighbour(
  { header, attributes }: BodyOf<typeof neighbourObject>,
  family: Family,
  names: LinkNames,
): Neighbour | undefined {
  const address = readAddress(attributes.address, family);
  if (address === undefined) return undefined;
  return {
    address,
    device: linkName(names, header.index),
    mac: readMac(attributes.mac),
    state: neighbourStateNames.get(header.state) ?? 'none',
  };
}

const optionalBytes = (address: string | undefined): Uint8Array | undefined =>
  address === undefined ? undefined : addressBytes(address);

/** What the kernel wants to know of a link of each kind beyond its name. */
const linkData: Readonly<Record<NewLink['kind'], (link: NewLink) => Uint8Array | undefined>> = {
  dummy: () => undefined,
  ipip: tunnelData,
  sit: tunnelData,
  // Of the kinds whose outside is IPv6 this one takes IPv4 and IPv6 inside, if nobody says otherwise.
  ip6tnl: ({ local }) => encoded(TunnelData, { local: optionalBytes(local), protocol: 0 }),
  gre: greData,
  ip6gre: greData,
};

function tunnelData({ local }: NewLink): Uint8Array | undefined {
  return encoded(TunnelData, { local: optionalBytes(local) });
}

function greData({ local, checksum }: NewLink): Uint8Array | undefined {
  return encoded(GreData, {
    inFlags: checksum ? GRE_CHECKSUM : undefined,
    local: optionalBytes(local),
  });
}

function encoded<V>(set: { put(to: Writer, values: V): void }, values: V): Uint8Array {
  const writer = new Writer(64);
  set.put(writer, values);
  return writer.written();
}

export const newLinkBody = (link: NewLink): AskedOf<typeof linkObject> => ({
  attributes: { name: link.name, info: { kind: link.kind, data: linkData[link.kind](link) } },
});

export const linkUpBody = (index: number, up: boolean): AskedOf<typeof linkObject> => ({
  header: { index, flags: up ? linkFlag.up : 0, change: linkFlag.up },
});

export const linkMacBody = (index: number, mac: string): AskedOf<typeof linkObject> => ({
  header: { index },
  attributes: { mac: macBytes(mac) },
});

/** struct ifa_cacheinfo: preferred and valid lifetime in seconds, and two times that only the kernel fills in. */
function lifetimes(preferred: number, valid: number): Uint8Array {
  const writer = new Writer(16);
  for (const value of [preferred, valid, 0, 0]) writer.u32(value);
  return writer.written();
}
const FOREVER = 0xffffffff;

export function addressBody(
  { address, prefix, scope }: NewAddress,
  index: number,
): AskedOf<typeof addressObject> {
  const family = familyOf(address);
  const bytes = addressBytes(address);
  const header = { family: codes.family[family], prefix, index };
  const attributes = { address: bytes, local: bytes };
  if (family === 'inet') return { header: { ...header, scope: codes.scope[scope] }, attributes };
  // IPv6 computes the scope itself; a preferred lifetime of 0 is its way to say "not as a source".
  return {
    header,
    attributes: { ...attributes, flags: addressFlag.noDad, lifetimes: lifetimes(0, FOREVER) },
  };
}

export function oldAddressBody(
  { address, prefix }: Pick<InterfaceAddress, 'address' | 'prefix'>,
  index: number,
): AskedOf<typeof addressObject> {
  const bytes = addressBytes(address);
  return {
    header: { family: codes.family[familyOf(address)], prefix, index },
    attributes: { address: bytes, local: bytes },
  };
}

export function defaultRouteBody(
  { gateway, metric }: DefaultRoute,
  index: number | undefined,
): AskedOf<typeof routeObject> {
  const family = familyOf(gateway);
  return {
    header: {
      family: codes.family[family],
      table: codes.mainTable,
      protocol: codes.staticRoute,
      scope: codes.scope.global,
      type: codes.routeType.unicast,
    },
    attributes: { device: index, gateway: addressBytes(gateway), metric },
  };
}

export function routeToBody(destination: string): AskedOf<typeof routeObject> {
  const family = familyOf(destination);
  return {
    header: { family: codes.family[family], destinationLength: addressLength[family] * 8 },
    attributes: { destination: addressBytes(destination) },
  };
}

/** NTF_USE: the kernel shall find out about the neighbour now, as if there were a packet for it. */
const USE = 0x01;

export const neighbourBody = (address: string, index: number): AskedOf<typeof neighbourObject> => ({
  header: { family: codes.family[familyOf(address)], index, flags: USE },
  attributes: { address: addressBytes(address) },
});

export const familyNumber = (family: Family): number => codes.family[family];
