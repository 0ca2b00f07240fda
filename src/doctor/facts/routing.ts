/** Questions about a machine's addresses and routes. */
import { addressBytes, familyOf } from '../../model/address.js';
import { isFwmark, type Service } from '../../model/service.js';
import { type InterfaceAddress, type Link, type Route, routingTables } from '../../system/network/network.js';
import type { MachineFacts } from './facts.js';

/** Whether `address` is in `network`: `192.0.2.0/24`, or an address alone. */
export function contains(network: string, address: string): boolean {
  const [base = '', length] = network.split('/');
  if (familyOf(base) !== familyOf(address)) return false;
  const [a, b] = [addressBytes(base), addressBytes(address)];
  const bits = length === undefined ? a.length * 8 : Number(length);
  for (let i = 0; i < a.length; i++) {
    const left = Math.min(8, Math.max(0, bits - 8 * i));
    const mask = (0xff << (8 - left)) & 0xff;
    if (((a[i] as number) & mask) !== ((b[i] as number) & mask)) return false;
  }
  return true;
}

/** Whether this machine accepts packets for the address. */
export const isLocal = (facts: MachineFacts, address: string): boolean =>
  facts.addresses.some((own) => own.address === address) || hasLocalRoute(facts, address);

/** Whether a local route takes packets for the address, on whichever link the address is. */
export const hasLocalRoute = ({ routes }: MachineFacts, address: string): boolean =>
  routes.some(
    ({ type, table, destination }) =>
      type === 'local' && table === routingTables.local && contains(destination, address),
  );

/** The VIPs of services, each once; a firewall mark has none. */
export const vipsOf = (services: readonly Pick<Service, 'id'>[]): string[] => [
  ...new Set(services.flatMap(({ id }) => (isFwmark(id) ? [] : [id.address]))),
];

/** The links with this address. */
export const interfacesWith = ({ addresses }: MachineFacts, address: string): InterfaceAddress[] =>
  addresses.filter((own) => own.address === address);

export const linkNamed = ({ links }: MachineFacts, name: string | undefined): Link | undefined =>
  links.find((link) => link.name === name);

/** The route of the main table for `address`: the longest prefix, then the lowest metric. */
export function routeTo({ routes }: MachineFacts, address: string): Route | undefined {
  const family = familyOf(address);
  const fitting = routes.filter(
    (route) =>
      route.table === routingTables.main &&
      route.family === family &&
      route.type === 'unicast' &&
      (route.destination === 'default' || contains(route.destination, address)),
  );
  return fitting.sort((a, b) => lengthOf(b) - lengthOf(a) || a.metric - b.metric)[0];
}

const lengthOf = ({ destination }: Route): number =>
  destination === 'default' ? 0 : Number(destination.split('/')[1] ?? 0);

/** Whether there is policy routing (by source or mark): then a route may be missing in the main table. */
export const hasOtherTables = ({ routes }: MachineFacts): boolean =>
  routes.some(
    ({ table, type }) => type === 'unicast' && table !== routingTables.main && table !== routingTables.local,
  );

/** The machine's address on the link towards `address`: a server there can use it as its gateway. */
export function ownAddressToward(facts: MachineFacts, address: string): string | undefined {
  const route = routeTo(facts, address);
  if (route === undefined) return undefined;
  const family = familyOf(address);
  const here = facts.addresses.filter(
    (own) => own.device === route.device && familyOf(own.address) === family && own.scope === 'global',
  );
  const near = here.find((own) => contains(`${own.address}/${own.prefix}`, route.gateway ?? address));
  return near?.address ?? here[0]?.address;
}
