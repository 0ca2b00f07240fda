/** The virtual addresses that a real server carries. */

import { addressLength, familyOf } from '../../model/address.js';
import { isFwmark } from '../../model/service.js';
import type { InterfaceAddress, Link } from '../../system/network.js';
import type { MachineFacts, Scope } from '../facts/facts.js';
import { carriersOf, linkNamed } from '../facts/routing.js';

/** Kinds of links on which nobody asks who has an address. */
const silentKinds: ReadonlySet<string> = new Set(['dummy', 'ipip', 'sit', 'ip6tnl', 'gre', 'ip6gre']);
export const tunnelKinds: ReadonlySet<string> = new Set(['ipip', 'sit', 'ip6tnl', 'gre', 'ip6gre']);

export interface Carrier {
  readonly vip: InterfaceAddress;
  readonly link: Link;
}

/** Where the VIPs stand: those of the scope, or else every single address on a link where nobody asks for it. */
export function carriers(facts: MachineFacts, { vips }: Scope): Carrier[] {
  const addresses =
    vips.length > 0 ? vips.flatMap((vip) => carriersOf(facts, vip)) : facts.addresses.filter(isSingle);
  const served = new Set(vips.length > 0 ? [] : ownServices(facts));
  return addresses.flatMap((vip) => {
    const link = linkNamed(facts, vip.device);
    if (link === undefined || served.has(vip.address)) return [];
    return vips.length > 0 || isSilent(link) ? [{ vip, link }] : [];
  });
}

export const isSilent = ({ loopback, kind }: Link): boolean => loopback || silentKinds.has(kind);

/** The loopback's own addresses are single ones, too, and so are those that a tunnel is given by itself. */
const isSingle = ({ address, prefix }: InterfaceAddress): boolean =>
  prefix === addressLength[familyOf(address)] * 8 && address !== '::1' && !address.startsWith('127.');

/** A director may have its VIPs where it likes: it is the one who shall be asked for them. */
function ownServices({ ipvs }: MachineFacts): string[] {
  return (ipvs?.services ?? []).flatMap(({ id }) => (isFwmark(id) ? [] : [id.address]));
}

/** The links on which others may ask for an address. */
export const askedLinks = ({ links }: MachineFacts): Link[] =>
  links.filter(({ arp, up, kind }) => arp && up && !silentKinds.has(kind));
