/**
 * The tables by which the schedulers mh, sh and dh choose a server, as kernels since 4.18 with 64 bits and the default sizes compute
 * them. Facts: ip_vs_mh.c, ip_vs_sh.c, ip_vs_dh.c; Maglev: Eisenbud et al., NSDI 2016, section 3.4.
 */
import { addressBytes } from '../../model/address.js';
import type { DestinationId } from '../../model/destination.js';
import type { Overload } from '../../model/table.js';
import { sipHash } from './siphash.js';

/** A server as the schedulers see it. */
export interface HashServer {
  readonly id: DestinationId;
  readonly weight: number;
  /** The last weight that was not 0: mh keeps the slots of a server that is at weight 0. */
  readonly lastWeight: number;
  readonly overload: Overload;
}

/** By slot the index of a server in the service; -1: none. */
export type SlotTable = Int32Array;

/** The schedulers that choose by a hash. */
export interface HashScheduler {
  /** @param servers in the kernel's order: the newest first */
  table(servers: readonly HashServer[]): SlotTable;
  /** The slot of an address. @param port 0 unless the service has the port flag. @param offset of a further try */
  slot(address: string, port: number, offset: number): number;
  /** The slot of a further try, where the first slot tells it: all clients of a slot fall back to one server. */
  readonly shift?: (slot: number, offset: number) => number;
}

/** The address as a number of 32 bits: the parts of an IPv6 address are combined by xor. */
function folded(address: string): number {
  const bytes = addressBytes(address);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let word = 0;
  for (let at = 0; at < bytes.length; at += 4) word ^= view.getUint32(at);
  return word >>> 0;
}

const SMALL = 256;

/** hash_32 to 8 bits: a product with the golden ratio. */
const goldenHash = (value: number): number => Math.imul(value, 0x61c88647) >>> 24;

const shift = (slot: number, offset: number): number => (offset + slot) & (SMALL - 1);

/** Source hashing: each server has as many slots in turn as its weight, at least one. */
const sh: HashScheduler = {
  table: (servers) => filled(servers.map(({ weight }) => Math.max(weight, 1))),
  slot: (address, port, offset) => shift(goldenHash(folded(address) + port), offset),
  shift,
};

/** Destination hashing: servers take turns, whatever their weights. */
const dh: HashScheduler = {
  table: (servers) => filled(servers.map(() => 1)),
  slot: (address) => goldenHash(folded(address)),
};

/** @param turns slots in a row, by server */
function filled(turns: readonly number[]): SlotTable {
  const slots = new Int32Array(SMALL).fill(-1);
  if (turns.length === 0) return slots;
  let server = 0;
  let taken = 0;
  for (let slot = 0; slot < SMALL; slot++) {
    slots[slot] = server;
    if (++taken < (turns[server] as number)) continue;
    taken = 0;
    server = (server + 1) % turns.length;
  }
  return slots;
}

/** CONFIG_IP_VS_MH_TAB_INDEX 12: the size of the table, and bits of the largest number of turns. */
const MAGLEV = 4093;
const MAGLEV_BITS = 6;
const FIRST_KEY = 2654435761n;
const SECOND_KEY = 2654446892n;

const maglevHash = (address: string, port: number, offset: number, key: bigint): number =>
  sipHash((offset + port + folded(address)) >>> 0, key);

/** Maglev hashing: servers take turns, each takes the first free slots of its own order. */
const mh: HashScheduler = {
  table(servers) {
    const slots = new Int32Array(MAGLEV).fill(-1);
    const turns = maglevTurns(servers.map(({ lastWeight }) => lastWeight));
    const orders = servers.map(({ id: { address, port } }) => ({
      next: maglevHash(address, port, 0, FIRST_KEY) % MAGLEV,
      skip: (maglevHash(address, port, 0, SECOND_KEY) % (MAGLEV - 1)) + 1,
    }));
    if (!turns.some((turn) => turn > 0)) return slots;
    for (let filled = 0; filled < MAGLEV; ) {
      orders.forEach((order, server) => {
        for (let turn = turns[server] as number; turn > 0 && filled < MAGLEV; turn--, filled++) {
          while (slots[order.next] !== -1) order.next = (order.next + order.skip) % MAGLEV;
          slots[order.next] = server;
        }
      });
    }
    return slots;
  },
  slot: (address, port, offset) => maglevHash(address, port, offset, FIRST_KEY) % MAGLEV,
};

/** Weights without their common divisor, halved until the largest has few bits; at least 1 if the weight is not 0. */
function maglevTurns(weights: readonly number[]): number[] {
  const divisor = weights.reduce(greatestCommonDivisor, 0);
  if (divisor === 0) return weights.map(() => 0);
  const largest = Math.max(...weights) / divisor;
  const shift = Math.max(0, 32 - Math.clz32(largest) - MAGLEV_BITS);
  return weights.map((weight) => (weight === 0 ? 0 : Math.max(1, (weight / divisor) >> shift)));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

export const hashSchedulers: ReadonlyMap<string, HashScheduler> = new Map([
  ['mh', mh],
  ['sh', sh],
  ['dh', dh],
]);
