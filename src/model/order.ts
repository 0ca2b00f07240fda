/** The order of services and servers in output and plans: protocol, address and port, by number. */
import { addressOrder, type Endpoint, familyOf, ipv4Number } from './address.js';
import type { DestinationId } from './destination.js';
import { isFwmark, type ServiceId } from './service.js';

/** A sort key: a number, and text for those whose numbers are equal. */
export interface Order {
  /** A whole number below 2^53. */
  readonly rank: number;
  readonly text: string;
}

const FAMILIES = 2;
/** Numbers of 48 bits: an IPv4 address and a port. */
const ENDPOINTS = 2 ** 48;

/** Of endpoints in one group, which is a small number: IPv4 before IPv6, then by address and port. */
export function endpointOrder(group: number, { address, port }: Endpoint): Order {
  const first = group * FAMILIES * ENDPOINTS;
  return familyOf(address) === 'inet'
    ? { rank: first + ipv4Number(address) * 2 ** 16 + port, text: '' }
    : { rank: first + ENDPOINTS, text: addressOrder(address) + String.fromCharCode(port) };
}

/** Protocols in the order of every listing. */
export const protocolOrder = { tcp: 0, udp: 1, sctp: 2 } as const;
const FWMARK = 3;

/** TCP, UDP, SCTP, then firewall marks; within each IPv4 before IPv6. */
export function serviceOrder(id: ServiceId): Order {
  if (!isFwmark(id)) return endpointOrder(protocolOrder[id.protocol], id);
  const family = id.family === 'inet6' ? ENDPOINTS : 0;
  return { rank: FWMARK * FAMILIES * ENDPOINTS + family + id.fwmark, text: '' };
}

/** The servers of one service. `apply` adds servers in this order, so that all directors have the same hash tables. */
export const destinationOrder = (id: DestinationId): Order => endpointOrder(0, id);

export const textOrder = (text: string): Order => ({ rank: 0, text });

/** The items in the order that `order` gives; those that are equal stay as they are. */
export function sortedBy<T>(items: readonly T[], order: (item: T) => Order): T[] {
  const orders = items.map(order);
  const compare = (a: number, b: number): number => compareOrders(orders[a] as Order, orders[b] as Order);
  // Most lists are sorted already.
  if (orders.every((_, index) => index === 0 || compare(index - 1, index) <= 0)) return [...items];
  return Array.from(items.keys())
    .sort(compare)
    .map((index) => items[index] as T);
}

const compareOrders = (a: Order, b: Order): number =>
  a.rank - b.rank || (a.text < b.text ? -1 : a.text > b.text ? 1 : 0);
