/**
 * rtnetlink as tables: the header of each message, and its attributes. Source: linux/rtnetlink.h, if_link.h, if_addr.h,
 * neighbour.h, if_tunnel.h, fib_rules.h.
 */
import {
  type AttributeSet,
  attributeSet,
  be16,
  bytes,
  cstring,
  nested,
  type Rows,
  u8,
  u16,
  u32,
} from '../../netlink/attributes.js';
import { type Fields, type Struct, struct } from '../../netlink/struct.js';

/** An object of rtnetlink. Its four message types are consecutive: new, delete, get and set. */
export interface RouteObject<F extends Fields = Fields, R extends Rows = Rows> {
  readonly name: string;
  /** Number of the message type `new`. */
  readonly base: number;
  readonly header: Struct<F>;
  readonly attributes: AttributeSet<R>;
}

export const verbs = { new: 0, delete: 1, get: 2, set: 3 } as const;
export type Verb = keyof typeof verbs;

const object = <F extends Fields, R extends Rows>(
  name: string,
  base: number,
  header: F,
  attributes: R,
): RouteObject<F, R> => ({
  name,
  base,
  header: struct(name, header),
  attributes: attributeSet(name, attributes),
});

/** IFLA_INFO_*; the kind decides on the attributes of the data. */
const LinkInfo = attributeSet('linkInfo', { kind: [1, cstring], data: [2, bytes] });

/** struct ifinfomsg, IFLA_* */
export const link = object(
  'link',
  16,
  { family: u8, padding: u8, type: u16, index: u32, flags: u32, change: u32 },
  {
    mac: [1, bytes],
    name: [3, cstring],
    mtu: [4, u32],
    device: [5, u32],
    info: [18, nested(LinkInfo)],
    process: [19, u32],
    alias: [20, cstring],
  },
);

/** struct ifaddrmsg, IFA_*. With both, `local` is the address and `address` the peer's. */
export const address = object(
  'address',
  20,
  { family: u8, prefix: u8, flags: u8, scope: u8, index: u32 },
  { address: [1, bytes], local: [2, bytes], lifetimes: [6, bytes], flags: [8, u32] },
);

/** RTAX_* */
const RouteMetrics = attributeSet('routeMetrics', { hopLimit: [10, u32] });

/** struct rtmsg, RTA_* */
export const route = object(
  'route',
  24,
  {
    family: u8,
    destinationLength: u8,
    sourceLength: u8,
    tos: u8,
    table: u8,
    protocol: u8,
    scope: u8,
    type: u8,
    flags: u32,
  },
  {
    destination: [1, bytes],
    device: [4, u32],
    gateway: [5, bytes],
    metric: [6, u32],
    metrics: [8, nested(RouteMetrics)],
    table: [15, u32],
  },
);

/** struct fib_rule_hdr, FRA_* */
export const rule = object(
  'rule',
  32,
  {
    family: u8,
    destinationLength: u8,
    sourceLength: u8,
    tos: u8,
    table: u8,
    reserved1: u8,
    reserved2: u8,
    action: u8,
    flags: u32,
  },
  { priority: [6, u32], table: [15, u32], protocol: [22, u8], sourcePorts: [23, bytes] },
);

/** struct ndmsg, NDA_* */
export const neighbour = object(
  'neighbour',
  28,
  { family: u8, padding1: u8, padding2: u16, index: u32, state: u16, flags: u8, type: u8 },
  { address: [1, bytes], mac: [2, bytes] },
);

/**
 * IFLA_IPTUN_*: ipip, sit and ip6tnl. `protocol` is that of the packet inside: 0 is any (ip6tnl only). The flags have 32 bits for ip6tnl,
 * 16 for sit.
 */
export const TunnelData = attributeSet('tunnelData', {
  local: [2, bytes],
  remote: [3, bytes],
  ttl: [4, u8],
  flags: [8, bytes],
  protocol: [9, u8],
  encapsulation: [15, u16],
  encapsulationFlags: [16, u16],
  encapsulationPort: [18, be16],
});

/** IFLA_GRE_*; the flags are those of the header on the wire. */
export const GreData = attributeSet('greData', {
  inFlags: [2, be16],
  outFlags: [3, be16],
  local: [6, bytes],
  remote: [7, bytes],
  ttl: [8, u8],
  flags: [13, bytes],
});
export const GRE_CHECKSUM = 0x8000;

/** IP6_TNL_F_IGN_ENCAP_LIMIT: no header for the limit of nested tunnels (RFC 2473), as in the packets of IPVS. */
export const NO_ENCAPSULATION_LIMIT = new Uint8Array(Uint32Array.of(0x1).buffer);

/** TUNNEL_ENCAP_GUE, and TUNNEL_ENCAP_FLAG_*. */
export const gueCode = 2;
export const gueFlag = { csum: 0x1, csum6: 0x2, remcsum: 0x4 } as const;

/** IFLA_MACVLAN_MODE with MACVLAN_MODE_BRIDGE. IFLA_IPVLAN_MODE is 0 by default: IPVLAN_MODE_L2. */
export const MacvlanData = attributeSet('macvlanData', { mode: [1, u32] });
export const MACVLAN_BRIDGE = 4;

/** The attributes of a link's data, by kind. */
export const tunnelData = new Map<string, typeof TunnelData | typeof GreData>([
  ['ipip', TunnelData],
  ['sit', TunnelData],
  ['ip6tnl', TunnelData],
  ['gre', GreData],
  ['ip6gre', GreData],
]);

/** IFF_* */
export const linkFlag = { up: 0x1, loopback: 0x8, noArp: 0x80 } as const;

/** RTNH_F_ONLINK */
export const ON_LINK = 0x4;

/** IFA_F_* */
export const addressFlag = { noDad: 0x02, duplicate: 0x08 } as const;

/** Names and their numbers on the wire. */
export const codes = {
  family: { inet: 2, inet6: 10 },
  scope: { global: 0, site: 200, link: 253, host: 254, nowhere: 255 },
  routeType: { unicast: 1, local: 2, broadcast: 3, multicast: 5, blackhole: 6, unreachable: 7 },
  neighbourState: {
    none: 0,
    incomplete: 0x01,
    reachable: 0x02,
    stale: 0x04,
    delay: 0x08,
    probe: 0x10,
    failed: 0x20,
    noarp: 0x40,
    permanent: 0x80,
  },
  /** RTPROT_STATIC: routing daemons leave such routes alone. */
  staticRoute: 4,
  /** FR_ACT_TO_TBL */
  toTable: 1,
  /** IPPROTO_* */
  protocol: { icmp: 1, icmp6: 58 },
} as const;
