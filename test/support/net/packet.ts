// A packet's headers, outermost first, as far as IPVS and its tunnels touch them.
import { formatAddress } from '../../../src/model/address.js';

export interface Ethernet {
  layer: 'ethernet';
  source: string;
  destination: string;
}

export interface Ip {
  layer: 'ipv4' | 'ipv6';
  source: string;
  destination: string;
}

export interface Transport {
  layer: 'tcp' | 'udp' | 'sctp';
  sourcePort: number;
  destinationPort: number;
  /** Of a UDP header: 0 is none. */
  checksum?: number;
  /** Of a TCP header. */
  flags?: { syn: boolean; ack: boolean; fin: boolean; rst: boolean };
  /** Bytes that follow. */
  length: number;
}

export interface Gre {
  layer: 'gre';
  checksum: boolean;
}

/** Generic UDP encapsulation: the UDP header before it is a layer of its own. */
export interface Gue {
  layer: 'gue';
  /** Whether the header carries options, such as remote checksum offload. */
  options: boolean;
}

export type Header = Ethernet | Ip | Transport | Gre | Gue;

/** The UDP port of generic UDP encapsulation: nothing but an agreement of the two ends. */
export const guePort = 5555;

/** Outermost header first. */
export type Packet = readonly Header[];

/** Reads the headers of an Ethernet frame; what they do not know ends the list. */
export function decode(frame: Buffer): Packet {
  const headers: Header[] = [
    { layer: 'ethernet', destination: mac(frame.subarray(0, 6)), source: mac(frame.subarray(6, 12)) },
  ];
  let next: Rest | undefined = network(frame.readUInt16BE(12), frame.subarray(14));
  while (next) {
    const read: Read | undefined = readers[next.kind](next.bytes);
    if (!read) break;
    headers.push(read.header);
    next = read.rest;
  }
  return headers;
}

type Kind = 'ipv4' | 'ipv6' | 'tcp' | 'udp' | 'sctp' | 'gre' | 'gue';
interface Rest {
  kind: Kind;
  bytes: Buffer;
}
interface Read {
  header: Header;
  rest?: Rest | undefined;
}

const byEtherType: Record<number, Kind> = { 2048: 'ipv4', 34525: 'ipv6' };
/** IANA's protocol numbers; 4 and 41 are IP in IP. */
const byProtocol: Record<number, Kind> = {
  4: 'ipv4',
  6: 'tcp',
  17: 'udp',
  41: 'ipv6',
  47: 'gre',
  132: 'sctp',
};

const rest = (kind: Kind | undefined, bytes: Buffer): Rest | undefined => kind && { kind, bytes };
const network = (etherType: number, bytes: Buffer) => rest(byEtherType[etherType], bytes);
const payload = (protocol: number, bytes: Buffer) => rest(byProtocol[protocol], bytes);

const readers: Record<Kind, (bytes: Buffer) => Read | undefined> = {
  ipv4: (bytes) => ({
    header: {
      layer: 'ipv4',
      source: formatAddress(bytes.subarray(12, 16)),
      destination: formatAddress(bytes.subarray(16, 20)),
    },
    // The total length cuts off what pads a short frame.
    rest: payload(bytes.readUInt8(9), bytes.subarray((bytes.readUInt8(0) & 15) * 4, bytes.readUInt16BE(2))),
  }),
  ipv6: (bytes) => ({
    header: {
      layer: 'ipv6',
      source: formatAddress(bytes.subarray(8, 24)),
      destination: formatAddress(bytes.subarray(24, 40)),
    },
    rest: afterIpv6(bytes.readUInt8(6), bytes.subarray(40, 40 + bytes.readUInt16BE(4))),
  }),
  tcp: (bytes) => {
    const bits = bytes.readUInt8(13);
    return {
      header: {
        ...ports('tcp', bytes, (bytes.readUInt8(12) >> 4) * 4),
        flags: { fin: !!(bits & 1), syn: !!(bits & 2), rst: !!(bits & 4), ack: !!(bits & 16) },
      },
    };
  },
  udp: (bytes) => ({
    header: { ...ports('udp', bytes, 8), checksum: bytes.readUInt16BE(6) },
    rest: bytes.readUInt16BE(2) === guePort ? { kind: 'gue', bytes: bytes.subarray(8) } : undefined,
  }),
  sctp: (bytes) => ({ header: ports('sctp', bytes, 12) }),
  // RFC 2784: a checksum makes the header four bytes longer.
  gre: (bytes) => {
    const checksum = (bytes.readUInt8(0) & 0x80) !== 0;
    return {
      header: { layer: 'gre', checksum },
      rest: network(bytes.readUInt16BE(2), bytes.subarray(checksum ? 8 : 4)),
    };
  },
  // The draft of generic UDP encapsulation: version and control bit, then the options' length in words of four bytes.
  gue: (bytes) => {
    const words = bytes.readUInt8(0) & 0x1f;
    return {
      header: { layer: 'gue', options: words > 0 },
      rest: payload(bytes.readUInt8(1), bytes.subarray(4 + words * 4)),
    };
  },
};

/** Extension headers that tunnels add: destination options (60), skipped. */
function afterIpv6(next: number, bytes: Buffer): Rest | undefined {
  if (next !== 60) return payload(next, bytes);
  return afterIpv6(bytes.readUInt8(0), bytes.subarray((bytes.readUInt8(1) + 1) * 8));
}

const ports = (layer: Transport['layer'], bytes: Buffer, size: number): Transport => ({
  layer,
  sourcePort: bytes.readUInt16BE(0),
  destinationPort: bytes.readUInt16BE(2),
  length: bytes.length - size,
});

const mac = (bytes: Buffer): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
