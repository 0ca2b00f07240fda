/** Reads servers from their records, without an object for each: a listing has tens of thousands. */
import { addressLength, type Family, formatAddress } from '../../model/address.js';
import {
  type Destination,
  type ForwardingMethod,
  plainTunnel,
  type Tunnel,
} from '../../model/destination.js';
import {
  type DestinationCount,
  type DestinationNumber,
  destinationCounts,
  destinationNumberNames,
} from '../../model/fields.js';
import { counterNames, type Stats } from '../../model/stats.js';
import type { DestinationEntry } from '../../model/table.js';
import { codes, familyName, methodName, tunnelChecksumName, tunnelTypeName } from '../codes.js';
import {
  type DestinationField,
  type DestinationRecords,
  FAMILY,
  METHOD,
  PORT,
} from './destination-records.js';

/** Upper halves below this make 64-bit numbers that a double holds exactly. */
const SAFE_HIGH = 2 ** 21;

/** What IPv4 addresses with their ports rank below. */
const IPV6_RANK = 2 ** 48;

/** The readers return fields of the server at the cursor, which `seek` moves. Only fields that were asked for can be read. */
export class DestinationCursor {
  /** Where the record starts, in words. */
  private at = 0;

  constructor(private readonly records: DestinationRecords) {}

  /** Number of servers, of all services that have not been dropped. */
  get count(): number {
    return this.records.count;
  }

  /** Drops all servers: their memory serves for the next ones. */
  drop(): void {
    this.records.truncate(0);
  }

  seek(index: number): void {
    this.at = index * this.records.size;
  }

  /** The memory in which the address lies. */
  get bytes(): Uint8Array {
    return this.records.bytes;
  }

  /** Where the address starts in `bytes`. */
  address(): number {
    return 4 * this.at;
  }

  get family(): Family {
    return familyName(this.word(FAMILY));
  }

  port(): number {
    return this.word(PORT);
  }

  method(): ForwardingMethod {
    return methodName(this.word(METHOD));
  }

  /** A setting, or a count of connections. */
  number(field: DestinationNumber | DestinationCount): number {
    return this.word(this.column(field));
  }

  /** How `tun` encapsulates; meaningless for the other methods. */
  tunnel(): Tunnel {
    const column = this.column('tunnel');
    return {
      type: tunnelTypeName(this.word(column)),
      port: this.word(column + 1),
      checksum: tunnelChecksumName(this.word(column + 2)),
    };
  }

  /** A counter or a rate; a bigint only if a number would not be exact. */
  counter(name: keyof Stats): number | bigint {
    const column = this.column(name);
    const low = this.word(column);
    const high = this.word(column + 1);
    return high < SAFE_HIGH ? high * 2 ** 32 + low : (BigInt(high) << 32n) | BigInt(low);
  }

  /** The server's settings, as the model has them. */
  destination(): Destination {
    const numbers = {} as Record<DestinationNumber, number>;
    for (const name of destinationNumberNames) numbers[name] = this.number(name);
    return {
      id: { address: formatAddress(this.bytes, this.address(), this.family), port: this.port() },
      method: this.method(),
      ...numbers,
      tunnel: this.method() === 'tun' ? this.tunnel() : plainTunnel,
    };
  }

  /** All of the server, as the model has it. */
  entry(): DestinationEntry {
    const counts = {} as Record<DestinationCount, number>;
    for (const name of destinationCounts) counts[name] = this.number(name);
    const stats = {} as Record<keyof Stats, bigint>;
    for (const name of counterNames) stats[name] = BigInt(this.counter(name));
    return { ...this.destination(), ...counts, stats };
  }

  /** The indexes `from` up to `to`, by the servers' family, address and port; those of equal ones as they came. */
  sorted(from: number, to: number): number[] {
    const order: number[] = [];
    const ranks: number[] = [];
    let ascends = true;
    let descends = true;
    for (let i = from, before = -1; i < to; i++) {
      this.seek(i);
      const rank = this.rank();
      if (i > from && rank <= before) ascends = false;
      if (i > from && rank >= before) descends = false;
      before = rank;
      order.push(i);
      ranks.push(rank);
    }
    // The kernel has the server that was added last in front, so that most tables come in reverse.
    if (ascends) return order;
    if (descends) return order.reverse();
    return order.sort((a, b) => {
      const rank = ranks[a - from] as number;
      return rank - (ranks[b - from] as number) || (rank === IPV6_RANK ? this.compare(a, b) : 0);
    });
  }

  private word(column: number): number {
    return this.records.words[this.at + column] as number;
  }

  private column(field: DestinationField): number {
    const column = this.records.columns[field];
    if (column === undefined) throw new Error(`${field} is not among the fields that were asked for`);
    return column;
  }

  private rank(): number {
    if (this.word(FAMILY) === codes.family.inet6) return IPV6_RANK;
    const { bytes } = this.records;
    const at = this.address();
    const low =
      ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    return ((bytes[at] as number) * 2 ** 24 + low) * 2 ** 16 + this.word(PORT);
  }

  /** Compares two servers with IPv6 addresses. */
  private compare(a: number, b: number): number {
    this.seek(a);
    const [address, port] = [this.address(), this.port()];
    this.seek(b);
    const other = this.address();
    for (let i = 0; i < addressLength.inet6; i++) {
      const difference = (this.bytes[address + i] as number) - (this.bytes[other + i] as number);
      if (difference !== 0) return difference;
    }
    return port - this.port();
  }
}
