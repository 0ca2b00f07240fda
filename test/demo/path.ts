// The way that a connection's first packets took, put together from what was captured on several links.
import { ethernetOf, ipsOf, transportOf } from '../support/cluster/headers.js';
import type { Ip, Packet } from '../support/net/packet.js';

/** What a director may do to a packet. */
export type DirectorsWork = 'destination' | 'source' | 'mac' | 'tunnel' | 'other';

/** From one host to the next, routers in between left out. */
export interface Hop {
  from: string;
  to: string;
  /** As it left. */
  sent: Packet;
  /** As it arrived: routers put other MAC addresses on. */
  arrived: Packet;
}

export type HostOf = (mac: string) => string | undefined;

/** The hops of a connection's SYN, and then of the SYN-ACK that answers it, from and to `client`. */
export function openingOf(
  packets: readonly Packet[],
  clientPort: number,
  client: string,
  hostOf: HostOf,
): Hop[] {
  const opening = distinct(packets).filter((packet) => isOpening(packet, clientPort));
  const isAnswer = (packet: Packet) => transportOf(packet).flags?.ack === true;
  const request = framesFrom(
    client,
    opening.filter((packet) => !isAnswer(packet)),
    hostOf,
  );
  const last = request.at(-1);
  const server = last === undefined ? client : (hostOf(ethernetOf(last).destination) ?? client);
  const answer = framesFrom(server, opening.filter(isAnswer), hostOf);
  return [...withoutRouters(request, hostOf), ...withoutRouters(answer, hostOf)];
}

/** The port of the first client that asked for a connection in these packets. */
export function firstClientPort(packets: readonly Packet[]): number {
  const syn = packets.find((packet) => transportOf(packet).flags?.syn);
  if (!syn) throw new Error('nobody opened a connection here');
  const { sourcePort, flags, destinationPort } = transportOf(syn);
  return flags?.ack ? destinationPort : sourcePort;
}

/** A frame between two captured links was captured twice. */
const distinct = (packets: readonly Packet[]): Packet[] => [
  ...new Map(packets.map((packet) => [JSON.stringify(packet), packet])).values(),
];

function isOpening(packet: Packet, clientPort: number): boolean {
  const { flags, sourcePort, destinationPort } = transportOf(packet);
  return flags?.syn === true && [sourcePort, destinationPort].includes(clientPort);
}

/** Follows the frames: who received one sends the next. */
function framesFrom(start: string, frames: readonly Packet[], hostOf: HostOf): Packet[] {
  const left = [...frames];
  const way: Packet[] = [];
  let at: string | undefined = start;
  for (;;) {
    const next = left.findIndex((packet) => hostOf(ethernetOf(packet).source) === at);
    const [frame] = next < 0 ? [] : left.splice(next, 1);
    if (!frame) return way;
    way.push(frame);
    at = hostOf(ethernetOf(frame).destination);
  }
}

function withoutRouters(frames: readonly Packet[], hostOf: HostOf): Hop[] {
  const hops: Hop[] = [];
  for (const frame of frames) {
    const { source, destination } = ethernetOf(frame);
    const [from = source, to = destination] = [hostOf(source), hostOf(destination)];
    const previous = hops.at(-1);
    if (from === 'router' && previous) hops[hops.length - 1] = { ...previous, to, arrived: frame };
    else hops.push({ from, to, sent: frame, arrived: frame });
  }
  return hops;
}

/** What a host that received `before` has changed when it sent `after`. */
export function workBetween(before: Packet, after: Packet): DirectorsWork {
  const [was] = ipsOf(before);
  const [outer, inner] = ipsOf(after);
  if (!was || !outer) return 'other';
  if (inner) return sameIp(was, inner) && samePorts(before, after) ? 'tunnel' : 'other';
  const [ports, portsWere] = [transportOf(after), transportOf(before)];
  const source = was.source === outer.source && portsWere.sourcePort === ports.sourcePort;
  const destination =
    was.destination === outer.destination && portsWere.destinationPort === ports.destinationPort;
  if (source && destination) return 'mac';
  if (source) return 'destination';
  return destination ? 'source' : 'other';
}

const sameIp = (a: Ip, b: Ip): boolean => a.source === b.source && a.destination === b.destination;

function samePorts(a: Packet, b: Packet): boolean {
  const [one, other] = [transportOf(a), transportOf(b)];
  return one.sourcePort === other.sourcePort && one.destinationPort === other.destinationPort;
}
