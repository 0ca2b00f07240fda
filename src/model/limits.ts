/** Ranges of numbers that several parts of the program check, each in one place. */

/** The least and the most that a whole number may be. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

export const U32_MAX = 0xffff_ffff;
/** C's int: the kernel's type of weights and timeouts. */
export const INT_MAX = 0x7fff_ffff;

/** Connections of a network namespace: IP_VS_CONN_MAX of 64-bit kernels. */
export const CONN_MAX = 2 ** 30;

/** A firewall mark (netfilter); 0 is no mark. */
export const fwmarkRange: Range = { min: 1, max: U32_MAX };
/** A UDP or TCP port to connect to. */
export const portRange: Range = { min: 1, max: 65535 };
/** Seconds of persistence: 31 days at most (IP_VS_SVC_F_PERSISTENT's timeout in ipvsadm(8)). */
export const persistenceRange: Range = { min: 1, max: 31 * 24 * 60 * 60 };
/** Idle timeouts in seconds: the kernel takes INT_MAX divided by its HZ, of which 100 is the smallest. */
export const timeoutRange: Range = { min: 1, max: Math.floor(INT_MAX / 100) };
/** Sync daemon: id, largest message in bytes (a UDP datagram's payload), hops. */
export const syncIdRange: Range = { min: 0, max: 255 };
export const syncMessageRange: Range = { min: 1, max: 65507 };
export const ttlRange: Range = { min: 1, max: 255 };
