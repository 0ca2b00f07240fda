/**
 * The servers of a service as they lie in the kernel's replies: what a listing of very many reads of them, without an
 * object for each. Only what is asked for is read; what is wrong in a reply is left to the general reader, which says it.
 */
import { ProtocolError } from '../../errors.js';
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
import type { Stats } from '../../model/stats.js';
import type { DestinationEntry } from '../../model/table.js';
import { AttributeLayout } from '../../netlink/attribute-layout.js';
import type { DumpBuffer } from '../../netlink/dump-buffer.js';
import { GENL_HEADER } from '../../netlink/genl.js';
import { counterNames, METHOD_MASK } from '../convert.js';
import { CommandAttributes, codes, DestinationAttributes, Stats32, Stats64 } from '../schema.js';

/** By their codes. */
const methods: (ForwardingMethod | undefined)[] = [];
for (const [name, code] of Object.entries(codes.method)) methods[code] = name as ForwardingMethod;

/** What IPv4 addresses with their ports rank below. */
const IPV6_RANK = 2 ** 48;

type Counters = Record<keyof Stats, () => number | bigint>;

function countersOf(stats: AttributeLayout<(typeof Stats32 | typeof Stats64)['rows']>): Counters {
  const counters = {} as Counters;
  for (const name of counterNames) counters[name] = stats.counter(name);
  return counters;
}

type Numbers = Readonly<Record<DestinationNumber | DestinationCount, () => number>>;

function numberReaders(own: AttributeLayout<(typeof DestinationAttributes)['rows']>): Numbers {
  const names = [...destinationNumberNames, ...destinationCounts];
  return Object.fromEntries(names.map((name) => [name, own.u32(name)])) as Numbers;
}

/** Each reader tells of the server that `seek` came to last. */
export class DestinationCursor {
  private readonly command = new AttributeLayout(CommandAttributes, ['destination']);
  private readonly own = new AttributeLayout(DestinationAttributes, ['address', 'port', 'method', 'weight']);
  private readonly body = this.command.start('destination');
  private readonly bodyLength = this.command.length('destination');
  private readonly ownFamily = this.own.u16('family');
  private readonly addressLength = this.own.length('address');
  private readonly methodBits = this.own.u32('method');
  private readonly exactStats = new AttributeLayout(Stats64);
  private readonly exactStart = this.own.start('stats64');
  private readonly exactLength = this.own.length('stats64');
  private readonly exactCounters = countersOf(this.exactStats);
  private readonly oldStats = new AttributeLayout(Stats32);
  private readonly oldStart = this.own.start('stats');
  private readonly oldLength = this.own.length('stats');
  private readonly oldCounters = countersOf(this.oldStats);
  private index = 0;
  private ofFamily: Family = 'inet';
  private ofService: Family = 'inet';

  /** Where the address starts in `bytes`. */
  readonly address = this.own.start('address');
  readonly port = this.own.be16('port');
  private readonly numbers = numberReaders(this.own);

  constructor(
    private readonly replies: DumpBuffer,
    /** The general reader of a reply. @throws ProtocolError */
    private readonly read: (index: number, ofService: Family) => DestinationEntry,
  ) {}

  /** How many servers there are, of all services that have not been dropped. */
  get count(): number {
    return this.replies.count;
  }

  /** Older kernels do not repeat the service's family for each server. */
  set serviceFamily(family: Family) {
    this.ofService = family;
  }

  get bytes(): Uint8Array {
    return this.replies.bytes;
  }

  get family(): Family {
    return this.ofFamily;
  }

  method(): ForwardingMethod {
    return methods[this.methodBits() & METHOD_MASK] as ForwardingMethod;
  }

  /** A setting or a count; 0 where the kernel does not send it. */
  number(field: DestinationNumber | DestinationCount): number {
    return this.numbers[field]();
  }

  /** How `tun` encapsulates; meaningless for the other methods. @throws ProtocolError */
  tunnel(): Tunnel {
    return this.entry().tunnel;
  }

  /** The settings of the server, as the model has them. */
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

  /** @throws ProtocolError where the reply makes no sense */
  seek(index: number): void {
    this.index = index;
    if (!this.find(index)) {
      this.entry();
      throw new ProtocolError('a reply that only some can read', ['destination']);
    }
  }

  /** All of the server, as the model has it. @throws ProtocolError */
  entry(): DestinationEntry {
    return this.read(this.index, this.ofService);
  }

  /** Drops all servers: their memory serves for the next ones. */
  drop(): void {
    this.replies.truncate(0);
  }

  /** A bigint only where a number would not be exact. The kernel's exact counters are apart from those it had before 4.1. */
  counter(name: keyof Stats): number | bigint {
    const { exactStats, oldStats, replies } = this;
    let at = this.exactStart();
    if (at !== 0) {
      if (!exactStats.find(replies, at, at + this.exactLength())) this.entry();
      return this.exactCounters[name]();
    }
    at = this.oldStart();
    if (at === 0) return 0;
    if (!oldStats.find(replies, at, at + this.oldLength())) this.entry();
    return this.oldCounters[name]();
  }

  /** The indexes `from` up to `to`, by the servers' family, address and port; those of equal ones as they came. */
  sorted(from: number, to: number): number[] {
    const order: number[] = [];
    const ranks: number[] = [];
    for (let i = from; i < to; i++) {
      this.seek(i);
      order.push(i);
      ranks.push(this.rank());
    }
    return order.sort((a, b) => {
      const rank = ranks[a - from] as number;
      return rank - (ranks[b - from] as number) || (rank === IPV6_RANK ? this.compare(a, b) : 0);
    });
  }

  /** False for a reply that the general reader refuses. */
  private find(index: number): boolean {
    const { replies, command, own } = this;
    const start = replies.start(index) + GENL_HEADER;
    const end = replies.end(index);
    if (start > end || !command.find(replies, start, end)) return false;
    const body = this.body();
    if (!own.find(replies, body, body + this.bodyLength())) return false;
    const code = this.ownFamily();
    if (code === codes.family.inet) this.ofFamily = 'inet';
    else if (code === codes.family.inet6) this.ofFamily = 'inet6';
    else if (code === 0) this.ofFamily = this.ofService;
    else return false;
    return this.addressLength() >= addressLength[this.ofFamily] && this.method() !== undefined;
  }

  private rank(): number {
    if (this.ofFamily === 'inet6') return IPV6_RANK;
    const { bytes } = this;
    const at = this.address();
    let rank = 0;
    for (let i = at; i < at + addressLength.inet; i++) rank = rank * 256 + (bytes[i] as number);
    return rank * 65536 + this.port();
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
