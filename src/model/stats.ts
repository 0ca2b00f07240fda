/** Counters, and rates estimated over the last seconds. All are unsigned 64-bit, so they are bigint: exact. */
export interface Stats {
  /** Connections scheduled. */
  readonly connections: bigint;
  readonly inPackets: bigint;
  /** 0 for DR and TUN, whose answers do not pass the director. */
  readonly outPackets: bigint;
  readonly inBytes: bigint;
  readonly outBytes: bigint;
  /** Connections per second. */
  readonly connectionRate: bigint;
  readonly inPacketRate: bigint;
  readonly outPacketRate: bigint;
  /** Bytes per second. */
  readonly inByteRate: bigint;
  readonly outByteRate: bigint;
}

export const counterNames = [
  'connections',
  'inPackets',
  'outPackets',
  'inBytes',
  'outBytes',
  'connectionRate',
  'inPacketRate',
  'outPacketRate',
  'inByteRate',
  'outByteRate',
] as const satisfies readonly (keyof Stats)[];
