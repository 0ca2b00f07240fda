/** Messages of sync daemons: struct ip_vs_sync_mesg and ip_vs_sync_mesg_v0 of the kernel's net/netfilter/ipvs/ip_vs_sync.c. */

export interface SyncMessage {
  /** Format: 1, or 0 of kernels before 2.6.39 and of sync_version 0. */
  readonly version: 0 | 1;
  readonly syncId: number;
  /** Number of connections that it is about, 0 to 255. */
  readonly connections: number;
}

const HEADER = { 0: 4, 1: 8 } as const;

/** The header of a datagram; undefined if it is no sync message. */
export function readSyncMessage(bytes: Uint8Array): SyncMessage | undefined {
  if (bytes.length < HEADER[0]) return undefined;
  const [first = 0, syncId = 0, high = 0, low = 0, connections = 0, version = 0, ...spare] = bytes.subarray(
    0,
    8,
  );
  // The size is in network order in both formats.
  if (((high << 8) | low) !== bytes.length) return undefined;
  if (first !== 0) return { version: 0, syncId, connections: first };
  if (bytes.length < HEADER[1] || version !== 1 || spare.some((byte) => byte !== 0)) return undefined;
  return { version: 1, syncId, connections };
}
