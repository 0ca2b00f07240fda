/**
 * The IPVS family of generic netlink, as tables: every command and every attribute. Source: linux/ip_vs.h, and
 * net/netfilter/ipvs/ip_vs_ctl.c for the attributes of each command and its reply.
 */

import { addressLength, type Family, formatAddress } from '../model/address.js';
import type { Kind } from '../netlink/attributes.js';
import {
  attributeSet,
  be16,
  bytes,
  cstring,
  hexDump,
  type Infer,
  nested,
  sized,
  u8,
  u16,
  u32,
  u64,
} from '../netlink/attributes.js';
import { Reader, type Writer } from '../netlink/bytes.js';
import type { FamilySchema, Operations } from '../netlink/genl.js';
import { codes } from './codes.js';

/** struct ip_vs_flags: the bits, and a mask of the bits that count. */
export interface Flags {
  readonly bits: number;
  readonly mask: number;
}

const flags: Kind<Flags> = {
  name: 'flags',
  put(to: Writer, value: Flags): void {
    to.u32(value.bits);
    to.u32(value.mask);
  },
  get: sized(8, (from, at) => ({ bits: from.u32(at), mask: from.u32(at + 4) })),
  show: ({ bits, mask }) => `0x${bits.toString(16)} mask 0x${mask.toString(16)}`,
};

/** A number with a name in a table; the trace shows the name. */
const named = (kind: Kind<number>, names: Readonly<Record<string, number>>): Kind<number> => ({
  ...kind,
  show: (value) => `${value} ${Object.keys(names).find((name) => names[name] === value) ?? '(unknown)'}`,
});

/** In a trace, of the family in the attribute `family` beside it; without one, IPv4 if only the first 4 bytes are used. */
const familyBeside = (value: Uint8Array, { family }: Readonly<Record<string, unknown>>): Family => {
  if (family !== undefined) return family === codes.family.inet6 ? 'inet6' : 'inet';
  return value.subarray(4).every((byte) => byte === 0) ? 'inet' : 'inet6';
};

/** union nf_inet_addr: 16 bytes, of which IPv4 uses the first 4. */
const address: Kind<Uint8Array> = {
  ...bytes,
  name: 'address',
  show: (value, beside) => {
    const family = familyBeside(value, beside);
    return value.length < addressLength[family] ? hexDump(value) : formatAddress(value, 0, family);
  },
};

/** IPv4: the mask in network order; IPv6: the prefix length in the machine's order. */
const netmask: Kind<Uint8Array> = {
  ...bytes,
  name: 'netmask',
  show: (value, beside) => {
    if (value.length < 4) return hexDump(value);
    if (beside['family'] === codes.family.inet6) return String(new Reader(value).u32(0));
    return formatAddress(value, 0, 'inet');
  },
};

/** IPVS_STATS_ATTR_*. The old set counts connections and packets in 32 bits; kernels since 4.1 send both. */
const stats = <T>(name: string, counter: Kind<T>) =>
  attributeSet(name, {
    connections: [1, counter],
    inPackets: [2, counter],
    outPackets: [3, counter],
    inBytes: [4, u64],
    outBytes: [5, u64],
    connectionRate: [6, counter],
    inPacketRate: [7, counter],
    outPacketRate: [8, counter],
    inByteRate: [9, counter],
    outByteRate: [10, counter],
  });

export const Stats32 = stats('stats', u32);
export const Stats64 = stats('stats64', u64);

/** IPVS_SVC_ATTR_* */
export const ServiceAttributes = attributeSet('service', {
  /** AF_INET or AF_INET6. */
  family: [1, named(u16, codes.family)],
  /** IPPROTO_*; absent for a firewall mark. */
  protocol: [2, named(u16, codes.protocol)],
  address: [3, address],
  port: [4, be16],
  fwmark: [5, u32],
  scheduler: [6, cstring],
  flags: [7, flags],
  /** Persistence, in seconds. */
  timeout: [8, u32],
  netmask: [9, netmask],
  stats: [10, nested(Stats32)],
  engine: [11, cstring],
  stats64: [12, nested(Stats64)],
});

/** IPVS_DEST_ATTR_* */
export const DestinationAttributes = attributeSet('destination', {
  address: [1, address],
  port: [2, be16],
  /** IP_VS_CONN_F_FWD_MASK of the connection flags. */
  method: [3, named(u32, codes.method)],
  weight: [4, u32],
  upperThreshold: [5, u32],
  lowerThreshold: [6, u32],
  activeConnections: [7, u32],
  inactiveConnections: [8, u32],
  persistentConnections: [9, u32],
  stats: [10, nested(Stats32)],
  /** Absent before kernel 3.18: the service's. */
  family: [11, named(u16, codes.family)],
  stats64: [12, nested(Stats64)],
  tunnelType: [13, named(u8, codes.tunnelType)],
  tunnelPort: [14, be16],
  tunnelFlags: [15, named(u16, codes.tunnelChecksum)],
});

/** IPVS_DAEMON_ATTR_* */
export const DaemonAttributes = attributeSet('daemon', {
  state: [1, named(u32, codes.daemonState)],
  interface: [2, cstring],
  syncId: [3, u32],
  maxLength: [4, u16],
  group: [5, address],
  group6: [6, address],
  port: [7, u16],
  ttl: [8, u8],
});

/** IPVS_INFO_ATTR_*: at the top level of the reply to getInfo. */
export const InfoAttributes = attributeSet('info', { version: [1, u32], connectionTableSize: [2, u32] });

/** IPVS_CMD_ATTR_*: the top level of every other message. Timeouts are in seconds. */
export const CommandAttributes = attributeSet('ipvs', {
  service: [1, nested(ServiceAttributes)],
  destination: [2, nested(DestinationAttributes)],
  daemon: [3, nested(DaemonAttributes)],
  tcpTimeout: [4, u32],
  tcpFinTimeout: [5, u32],
  udpTimeout: [6, u32],
});

const { stats: _stats, stats64: _stats64, ...settings } = ServiceAttributes.rows;

/** A service without its counters, which take most of the time of reading it. */
export const ServiceSettings = attributeSet('ipvs', {
  service: [1, nested(attributeSet('service', settings))],
});

const Nothing = attributeSet('nothing', {});

const command = { takes: CommandAttributes, gives: CommandAttributes } as const;

/** IPVS_CMD_*. Number 14 is not a request: the kernel heads its reply to getInfo with it. */
export const ipvsSchema = {
  name: 'IPVS',
  version: 1,
  operations: {
    addService: { ...command, command: 1, needs: ['service'], reply: 'ack' },
    editService: { ...command, command: 2, needs: ['service'], reply: 'ack' },
    deleteService: { ...command, command: 3, needs: ['service'], reply: 'ack' },
    getService: { ...command, command: 4, needs: ['service'], reply: 'one' },
    getServices: { ...command, command: 4, needs: [], reply: 'dump' },
    addDestination: { ...command, command: 5, needs: ['service', 'destination'], reply: 'ack' },
    editDestination: { ...command, command: 6, needs: ['service', 'destination'], reply: 'ack' },
    deleteDestination: { ...command, command: 7, needs: ['service', 'destination'], reply: 'ack' },
    getDestinations: { ...command, command: 8, needs: ['service'], reply: 'dump' },
    startDaemon: { ...command, command: 9, needs: ['daemon'], reply: 'ack' },
    stopDaemon: { ...command, command: 10, needs: ['daemon'], reply: 'ack' },
    getDaemons: { ...command, command: 11, needs: [], reply: 'dump' },
    setTimeouts: { ...command, command: 12, needs: [], reply: 'ack' },
    getTimeouts: { ...command, command: 13, needs: [], reply: 'one' },
    getInfo: { takes: Nothing, gives: InfoAttributes, command: 15, needs: [], reply: 'one' },
    zeroService: { ...command, command: 16, needs: ['service'], reply: 'ack' },
    zeroAll: { ...command, command: 16, needs: [], reply: 'ack' },
    flush: { ...command, command: 17, needs: [], reply: 'ack' },
  },
} as const satisfies FamilySchema<Operations>;

export type IpvsOperations = typeof ipvsSchema.operations;
export type CommandBody = Infer<typeof CommandAttributes>;
export type ServiceBody = Infer<typeof ServiceAttributes>;
export type DestinationBody = Infer<typeof DestinationAttributes>;
export type DaemonBody = Infer<typeof DaemonAttributes>;
