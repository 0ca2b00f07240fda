// Questions about a packet's headers.
import type { Ethernet, Gre, Gue, Header, Ip, Packet, Transport } from '../net/packet.js';

const isIp = (header: Header): header is Ip => header.layer === 'ipv4' || header.layer === 'ipv6';

const isTransport = (header: Header): header is Transport =>
  header.layer === 'tcp' || header.layer === 'udp' || header.layer === 'sctp';

export const ethernetOf = (packet: Packet): Ethernet => {
  const [first] = packet;
  if (first?.layer !== 'ethernet') throw new Error('a packet without an Ethernet header');
  return first;
};

/** The IP headers, outermost first: two of a packet in a tunnel. */
export const ipsOf = (packet: Packet): Ip[] => packet.filter(isIp);

/** The header of the connection itself. */
export function transportOf(packet: Packet): Transport {
  const found = packet.findLast(isTransport);
  if (!found) throw new Error(`a packet without ports: ${layersOf(packet)}`);
  return found;
}

/** `ethernet ipv4 udp gue ipv4 tcp` */
export const layersOf = (packet: Packet): string => packet.map(({ layer }) => layer).join(' ');

/** What stands between the outer and the inner IP header. */
export const encapsulationOf = (packet: Packet): (Transport | Gre | Gue)[] => {
  const first = packet.findIndex(isIp);
  const last = packet.findLastIndex(isIp);
  return packet.slice(first + 1, last).filter((header) => !isIp(header) && header.layer !== 'ethernet') as (
    | Transport
    | Gre
    | Gue
  )[];
};

/** The one value that a property has in all packets of each connection, by the client's port. */
export function byConnection<T>(
  packets: readonly Packet[],
  clientPort: (transport: Transport) => number,
  property: (packet: Packet) => T,
): Map<number, Set<T>> {
  const found = new Map<number, Set<T>>();
  for (const packet of packets) {
    const port = clientPort(transportOf(packet));
    found.set(port, (found.get(port) ?? new Set<T>()).add(property(packet)));
  }
  return found;
}
