/** The links that hold the VIPs of a real server. */
import { familyOf } from '../../model/address.js';
import { hostPrefix, type InterfaceAddress, type Link, tunnelKinds } from '../../system/network/network.js';
import type { MachineFacts, Scope } from '../facts/facts.js';
import { interfacesWith, linkNamed, vipsOf } from '../facts/routing.js';

export interface VipHolder {
  readonly vip: InterfaceAddress;
  readonly link: Link;
}

/**
 * The links with the VIPs of the scope. Without any, the links without ARP and their single addresses, except those of the
 * machine's own services: a director shall answer for its VIPs, on whichever link they are.
 */
export function vipHolders(facts: MachineFacts, { vips }: Scope): VipHolder[] {
  const named = vips.length > 0;
  const addresses = named
    ? vips.flatMap((vip) => interfacesWith(facts, vip))
    : facts.addresses.filter(isSingle);
  const served = new Set(named ? [] : vipsOf(facts.ipvs?.services ?? []));
  return addresses.flatMap((vip) => {
    const link = linkNamed(facts, vip.device);
    if (link === undefined || served.has(vip.address)) return [];
    return named || isHidden(link) ? [{ vip, link }] : [];
  });
}

/** IPv4 VIPs on links without ARP: only arp_ignore and arp_announce keep the other links from answering for them. */
export const hiddenHolders = (facts: MachineFacts, scope: Scope): VipHolder[] =>
  vipHolders(facts, scope).filter(({ vip, link }) => familyOf(vip.address) === 'inet' && isHidden(link));

/** Whether no other machine can ask on the link for an address: lo, dummies and tunnels. */
export const isHidden = (link: Link): boolean => link.loopback || link.kind === 'dummy' || isTunnel(link);

export const isTunnel = ({ kind }: Link): boolean => tunnelKinds.some((tunnel) => tunnel === kind);

/** An address alone, other than the loopback's. Tunnels have such addresses of their own, too. */
const isSingle = ({ address, prefix }: InterfaceAddress): boolean =>
  prefix === hostPrefix(address) && address !== '::1' && !address.startsWith('127.');

/** The links on which other machines may ask for an address. */
export const arpLinks = ({ links }: MachineFacts): Link[] =>
  links.filter((link) => link.arp && link.up && !isHidden(link));
