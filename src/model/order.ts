/** The order of services and servers in output and plans: protocol, address and port, by number. */
import { addressOrder, type Family, familyOf } from './address.js';
import type { DestinationId } from './destination.js';
import { isFwmark, type ServiceId } from './service.js';

/** Numbers of 16 bits as one character each: text of equal length sorts as they do. */
const endpoint = (address: string, port: number): string =>
  familyOrder[familyOf(address)] + addressOrder(address) + String.fromCharCode(port);

const familyOrder: Record<Family, string> = { inet: '4', inet6: '6' };

/** Text that sorts services: TCP, UDP, SCTP, then firewall marks; within each IPv4 before IPv6. */
export function serviceOrder(id: ServiceId): string {
  if (isFwmark(id)) return `3 ${id.family} ${id.fwmark.toString(16).padStart(8, '0')}`;
  return `${protocolOrder[id.protocol]} ${endpoint(id.address, id.port)}`;
}

const protocolOrder = { tcp: 0, udp: 1, sctp: 2 } as const;

/** Text that sorts the servers of one service. */
export const destinationOrder = (id: DestinationId): string => endpoint(id.address, id.port);

/** The items by the text that `order` gives each; those with equal texts stay as they are. */
export function sortedBy<T>(items: readonly T[], order: (item: T) => string): T[] {
  const keys = items.map(order);
  const at = (index: number): string => keys[index] as string;
  // Most lists are sorted already.
  if (keys.every((key, index) => index === 0 || at(index - 1) <= key)) return [...items];
  return Array.from(items.keys())
    .sort((a, b) => (at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : 0))
    .map((index) => items[index] as T);
}
