/** From the objects of a network to the bodies of rtnetlink's requests. */
import { addressBytes, familyOf } from '../../model/address.js';
import { Writer } from '../../netlink/bytes.js';
import {
  type DefaultRoute,
  type InterfaceAddress,
  type NewAddress,
  type NewLink,
  routingTables,
} from '../network.js';
import type { BodyOf } from './messages.js';
import {
  addressFlag,
  type address as addressObject,
  codes,
  GRE_CHECKSUM,
  GreData,
  linkFlag,
  type link as linkObject,
  type neighbour as neighbourObject,
  type route as routeObject,
  TunnelData,
} from './schema.js';

const familyCode = (address: string): number => codes.family[familyOf(address)];

export const newLink = (link: NewLink): BodyOf<typeof linkObject> => ({
  attributes: { name: link.name, info: { kind: link.kind, data: linkData(link) } },
});

/** The attributes that belong to the kind of a link. */
function linkData({ kind, local, checksum }: NewLink): Uint8Array | undefined {
  if (kind === 'dummy') return undefined;
  const writer = new Writer(64);
  const ends = { local: local === undefined ? undefined : addressBytes(local) };
  if (kind === 'gre' || kind === 'ip6gre') {
    GreData.put(writer, { ...ends, inFlags: checksum ? GRE_CHECKSUM : undefined });
  } else {
    // By default an ip6tnl takes IPv6 inside only; 0 is any protocol.
    TunnelData.put(writer, { ...ends, protocol: kind === 'ip6tnl' ? 0 : undefined });
  }
  return writer.written();
}

export const linkUp = (index: number, up: boolean): BodyOf<typeof linkObject> => ({
  header: { index, flags: up ? linkFlag.up : 0, change: linkFlag.up },
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

/** NTF_USE: the kernel looks the neighbour up now, as for a packet. */
const USE = 0x01;

export const neighbourInUse = (address: string, index: number): BodyOf<typeof neighbourObject> => ({
  header: { family: familyCode(address), index, flags: USE },
  attributes: { address: addressBytes(address) },
});
