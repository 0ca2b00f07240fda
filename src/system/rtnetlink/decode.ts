/** From rtnetlink's messages to the objects of a network. */
import { ProtocolError } from '../../errors.js';
import { addressLength, type Family, formatAddress } from '../../model/address.js';
import { Reader } from '../../netlink/bytes.js';
import type { InterfaceAddress, Link, Neighbour, Route } from '../network/network.js';
import type { MessageOf } from './messages.js';
import {
  addressFlag,
  type address as addressObject,
  codes,
  linkFlag,
  type link as linkObject,
  type neighbour as neighbourObject,
  type route as routeObject,
  tunnelData,
} from './schema.js';

/** Names of links by index: the other objects refer to links by index. */
export type LinkNames = ReadonlyMap<number, string>;

/** `#7` for a link that was created or deleted between the two dumps. */
const linkName = (names: LinkNames, index: number): string => names.get(index) ?? `#${index}`;

const inverse = <N extends string>(table: Readonly<Record<N, number>>): ReadonlyMap<number, N> =>
  new Map((Object.entries(table) as [N, number][]).map(([name, value]) => [value, name]));

const scopeNames = inverse(codes.scope);
const routeTypeNames = inverse(codes.routeType);
const neighbourStateNames = inverse(codes.neighbourState);

function readAddress(bytes: Uint8Array | undefined, family: Family): string | undefined {
  if (bytes === undefined) return undefined;
  if (bytes.length !== addressLength[family]) {
    throw new ProtocolError(`expected ${addressLength[family]} bytes, got ${bytes.length}`, ['address']);
  }
  return formatAddress(bytes, 0, family);
}

const readMac = (bytes: Uint8Array | undefined): string | undefined =>
  bytes?.length === 6 ? [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':') : undefined;

export function readLink({ header, attributes }: MessageOf<typeof linkObject>): Link {
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
    local: localAddress(attributes.info),
    mac: readMac(attributes.mac),
    ...(attributes.alias !== undefined && { alias: attributes.alias }),
  };
}

function localAddress(info: MessageOf<typeof linkObject>['attributes']['info']): string | undefined {
  const set = tunnelData.get(info?.kind ?? '');
  if (set === undefined || info?.data === undefined) return undefined;
  const { local } = set.get(new Reader(info.data), 0, info.data.length);
  return local?.some((byte) => byte !== 0) ? formatAddress(local) : undefined;
}

export function readInterfaceAddress(
  { header, attributes }: MessageOf<typeof addressObject>,
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
  { header, attributes, raw }: MessageOf<typeof routeObject>,
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
    metric: attributes.metric ?? 0,
    raw,
  };
}

/** Undefined for a neighbour without an address. */
export function readNeighbour(
  { header, attributes }: MessageOf<typeof neighbourObject>,
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
