/** From the objects of a network to the bodies of rtnetlink's requests. */
import { addressBytes, familyOf } from '../../model/address.js';
import { Writer } from '../../netlink/bytes.js';
import {
  type DefaultRoute,
  type HostRoute,
  hostPrefix,
  type InterfaceAddress,
  type LinkBeside,
  type NewAddress,
  type NewLink,
  type RoutingRule,
  routingTables,
} from '../network/network.js';
import type { BodyOf } from './messages.js';
import {
  addressFlag,
  type address as addressObject,
  codes,
  GRE_CHECKSUM,
  GreData,
  gueCode,
  gueFlag,
  linkFlag,
  type link as linkObject,
  MACVLAN_BRIDGE,
  MacvlanData,
  NO_ENCAPSULATION_LIMIT,
  type neighbour as neighbourObject,
  ON_LINK,
  type route as routeObject,
  type rule as ruleObject,
  TunnelData,
} from './schema.js';

const familyCode = (address: string): number => codes.family[familyOf(address)];

export const newLink = (link: NewLink): BodyOf<typeof linkObject> => ({
  attributes: { name: link.name, info: { kind: link.kind, data: linkData(link) } },
});

/** The attributes that belong to the kind of a link. */
function linkData({ kind, local, remote, checksum, gue }: NewLink): Uint8Array | undefined {
  if (kind === 'dummy') return undefined;
  const writer = new Writer(96);
  const ends = {
    local: local === undefined ? undefined : addressBytes(local),
    ...(remote !== undefined && {
      remote: addressBytes(remote),
      // That of the packet inside may be meant for the far end alone.
      ttl: TUNNEL_TTL,
      flags: kind === 'ip6tnl' || kind === 'ip6gre' ? NO_ENCAPSULATION_LIMIT : undefined,
    }),
  };
  if (kind === 'gre' || kind === 'ip6gre') {
    GreData.put(writer, {
      ...ends,
      [remote === undefined ? 'inFlags' : 'outFlags']: checksum ? GRE_CHECKSUM : undefined,
    });
  } else {
    // By default an ip6tnl takes IPv6 inside only; 0 is any protocol.
    TunnelData.put(writer, { ...ends, ...gueData(gue), protocol: kind === 'ip6tnl' ? 0 : undefined });
  }
  return writer.written();
}

const TUNNEL_TTL = 64;

const gueData = (gue: NewLink['gue']) =>
  gue && {
    encapsulation: gueCode,
    encapsulationFlags: gueFlags[gue.checksum],
    encapsulationPort: gue.port,
  };

const gueFlags = {
  nocsum: 0,
  csum: gueFlag.csum | gueFlag.csum6,
  remcsum: gueFlag.csum | gueFlag.csum6 | gueFlag.remcsum,
} as const;

/** @param index of the link that it is beside */
export function linkBeside({ name, kind, process }: LinkBeside, index: number): BodyOf<typeof linkObject> {
  const writer = new Writer(16);
  if (kind === 'macvlan') MacvlanData.put(writer, { mode: MACVLAN_BRIDGE });
  return { attributes: { name, device: index, process, info: { kind, data: writer.written() } } };
}

export const linkUp = (index: number, up: boolean): BodyOf<typeof linkObject> => ({
  header: { index, flags: up ? linkFlag.up : 0, change: linkFlag.up },
});

export const linkAlias = (index: number, alias: string): BodyOf<typeof linkObject> => ({
  header: { index },
  attributes: { alias },
});

export const linkMac = (index: number, mac: string): BodyOf<typeof linkObject> => ({
  header: { index },
  attributes: { mac: Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16)) },
});

export function interfaceAddress(
  { address, prefix }: Pick<InterfaceAddress, 'address' | 'prefix'>,
  index: number,
) {
  const bytes = addressBytes(address);
  return {
    header: { family: familyCode(address), prefix, index },
    attributes: { address: bytes, local: bytes },
  } satisfies BodyOf<typeof addressObject>;
}

export function newAddress(added: NewAddress, index: number): BodyOf<typeof addressObject> {
  const { header, attributes } = interfaceAddress(added, index);
  if (familyOf(added.address) === 'inet') {
    return { header: { ...header, scope: codes.scope[added.scope] }, attributes };
  }
  // The kernel derives the scope of IPv6; a preferred lifetime of 0 keeps it from choosing the address as a source.
  const flags = addressFlag.noDad;
  return { header, attributes: { ...attributes, flags, lifetimes: lifetimes(0, FOREVER) } };
}

/** Seconds. */
const FOREVER = 0xffffffff;

/** struct ifa_cacheinfo: preferred and valid lifetime in seconds, and two times that only the kernel sets. */
function lifetimes(preferred: number, valid: number): Uint8Array {
  const writer = new Writer(16);
  for (const value of [preferred, valid, 0, 0]) writer.u32(value);
  return writer.written();
}

export const defaultRoute = (
  { gateway, metric }: DefaultRoute,
  device: number | undefined,
): BodyOf<typeof routeObject> => ({
  header: {
    family: familyCode(gateway),
    table: routingTables.main,
    protocol: codes.staticRoute,
    scope: codes.scope.global,
    type: codes.routeType.unicast,
  },
  attributes: { device, gateway: addressBytes(gateway), metric },
});

export const hostRoute = (
  { destination, gateway, table, hopLimit }: HostRoute,
  device: number,
): BodyOf<typeof routeObject> => ({
  header: {
    family: familyCode(destination),
    destinationLength: hostPrefix(destination),
    protocol: codes.staticRoute,
    scope: gateway === undefined ? codes.scope.link : codes.scope.global,
    type: codes.routeType.unicast,
    flags: gateway === undefined ? 0 : ON_LINK,
  },
  attributes: {
    destination: addressBytes(destination),
    device,
    gateway: gateway === undefined ? undefined : addressBytes(gateway),
    metrics: { hopLimit },
    table,
  },
});

export const wayTo = (address: string): BodyOf<typeof routeObject> => ({
  header: { family: familyCode(address), destinationLength: hostPrefix(address) },
  attributes: { destination: addressBytes(address) },
});

export const routingRule = ({
  family,
  table,
  priority,
  sourcePorts,
  icmp,
}: RoutingRule): BodyOf<typeof ruleObject> => ({
  header: { family: codes.family[family], action: codes.toTable },
  attributes: {
    priority,
    table,
    protocol: icmp && codes.protocol[family === 'inet' ? 'icmp' : 'icmp6'],
    // struct fib_rule_port_range
    sourcePorts: sourcePorts && new Uint8Array(Uint16Array.from(sourcePorts).buffer),
  },
});

/** NTF_USE: the kernel looks the neighbour up now, as for a packet. */
const USE = 0x01;

export const neighbourInUse = (address: string, index: number): BodyOf<typeof neighbourObject> => ({
  header: { family: familyCode(address), index, flags: USE },
  attributes: { address: addressBytes(address) },
});
