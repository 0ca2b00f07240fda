/** Numbers of the kernel's interface: linux/ip_vs.h, linux/in.h, linux/socket.h. src/ipvs/schema.ts names them all. */

export const AF_INET: u32 = 2;
export const AF_INET6: u32 = 10;

/** IPPROTO_* */
export const TCP: u32 = 6;
export const UDP: u32 = 17;
export const SCTP: u32 = 132;

/** IPVS_CMD_ATTR_* */
export const SERVICE: u32 = 1;
export const DESTINATION: u32 = 2;

/** IPVS_SVC_ATTR_* */
export const SVC_FAMILY: u32 = 1;
export const SVC_PROTOCOL: u32 = 2;
export const SVC_ADDRESS: u32 = 3;
export const SVC_PORT: u32 = 4;
export const SVC_FWMARK: u32 = 5;
export const SVC_SCHEDULER: u32 = 6;
export const SVC_FLAGS: u32 = 7;
export const SVC_TIMEOUT: u32 = 8;
export const SVC_NETMASK: u32 = 9;
export const SVC_ENGINE: u32 = 11;

/** IPVS_DEST_ATTR_* */
export const DEST_ADDRESS: u32 = 1;
export const DEST_PORT: u32 = 2;
export const DEST_METHOD: u32 = 3;
export const DEST_WEIGHT: u32 = 4;
export const DEST_UPPER: u32 = 5;
export const DEST_LOWER: u32 = 6;
export const DEST_ACTIVE: u32 = 7;
export const DEST_INACTIVE: u32 = 8;
export const DEST_FAMILY: u32 = 11;
export const DEST_TUNNEL_TYPE: u32 = 13;
export const DEST_TUNNEL_PORT: u32 = 14;
export const DEST_TUNNEL_FLAGS: u32 = 15;

/** IP_VS_SVC_F_*: what an administrator sets; the others are the kernel's notes. */
export const PERSISTENT: u32 = 0x01;
export const ONE_PACKET: u32 = 0x04;
export const SCHED1: u32 = 0x08;
export const SCHED2: u32 = 0x10;
export const SCHED3: u32 = 0x20;
export const SETTINGS: u32 = PERSISTENT | ONE_PACKET | SCHED1 | SCHED2 | SCHED3;

/** IP_VS_CONN_F_*, and the mask for them. */
export const MASQ: u32 = 0;
export const TUNNEL: u32 = 2;
export const DROUTE: u32 = 3;
export const BYPASS: u32 = 4;
export const METHOD_MASK: u32 = 7;

/** IP_VS_CONN_F_TUNNEL_TYPE_* */
export const IPIP: u32 = 0;
export const GUE: u32 = 1;
export const GRE: u32 = 2;

/** IP_VS_TUNNEL_ENCAP_FLAG_* */
export const CSUM: u32 = 1;
export const REMCSUM: u32 = 2;

/** Bytes that a scheduler's or an engine's name may take: IP_VS_SCHEDNAME_MAXLEN and IP_VS_PENAME_MAXLEN. */
export const NAME: usize = 16;
