/** Servers by netlink dumps (IPVS_CMD_GET_DEST), with all fields. */
import { ProtocolError } from '../../errors.js';
import { addressLength } from '../../model/address.js';
import { type ServiceId, serviceFamily } from '../../model/service.js';
import { counterNames, type Stats } from '../../model/stats.js';
import { AttributeLayout } from '../../netlink/attribute-layout.js';
import { type AttributeSet, u64 } from '../../netlink/attributes.js';
import { firstHalf, little, type Reader } from '../../netlink/bytes.js';
import type { Family } from '../../netlink/genl.js';
import { codes, familyName, METHOD_MASK, methodName, tunnelChecksumName, tunnelTypeName } from '../codes.js';
import { serviceIdBody } from '../convert.js';
import {
  CommandAttributes,
  DestinationAttributes,
  type IpvsOperations,
  Stats32,
  Stats64,
} from '../schema.js';
import {
  type DestinationRecords,
  type DestinationSource,
  FAMILY,
  METHOD,
  numberFields,
  PORT,
} from './destination-records.js';

/** Types of attributes. */
const [COMMAND_DESTINATION] = CommandAttributes.rows.destination;
const { rows } = DestinationAttributes;
const [ADDRESS] = rows.address;
const [DESTINATION_PORT] = rows.port;
const [DESTINATION_METHOD] = rows.method;
const [DESTINATION_FAMILY] = rows.family;
const [STATS] = rows.stats;
const [STATS64] = rows.stats64;
const [TUNNEL_TYPE] = rows.tunnelType;
const [TUNNEL_PORT] = rows.tunnelPort;
const [TUNNEL_FLAGS] = rows.tunnelFlags;

/** An attribute, and the column of records that it goes to. */
interface AttributeColumn {
  readonly type: number;
  readonly column: number;
  /** 64 bits instead of 32. */
  readonly wide?: boolean;
}

export class NetlinkSource implements DestinationSource {
  private readonly command = new AttributeLayout(CommandAttributes, ['destination']);
  private readonly own = new AttributeLayout(DestinationAttributes, ['address', 'port', 'method', 'weight']);
  private readonly numbers: readonly AttributeColumn[];
  private readonly tunnel: number | undefined;
  private readonly exact: CounterReader;
  /** Of kernels before 4.1, which count connections and packets modulo 2^32. */
  private readonly old: CounterReader;
  private ofService = 0;

  constructor(
    private readonly family: Family<IpvsOperations>,
    private readonly records: DestinationRecords,
  ) {
    const { columns } = records;
    this.numbers = numberFields.flatMap((name) => {
      const column = columns[name];
      return column === undefined ? [] : { type: rows[name][0], column };
    });
    this.tunnel = columns.tunnel;
    this.exact = new CounterReader(Stats64, records);
    this.old = new CounterReader(Stats32, records);
  }

  /** Adds none if the service does not exist. */
  read(of: ServiceId): Promise<void> {
    const { records } = this;
    const before = records.count;
    this.ofService = codes.family[serviceFamily(of)];
    return this.family.dumpAttributes(
      'getDestinations',
      { service: serviceIdBody(of) },
      (from, start, end) => this.take(from, start, end),
      () => records.truncate(before),
    );
  }

  /** Adds the server of one reply. @throws ProtocolError */
  private take(from: Reader, start: number, end: number): void {
    const { command } = this;
    command.find(from, start, end);
    try {
      this.takeDestination(from, command.start(COMMAND_DESTINATION), command.end(COMMAND_DESTINATION));
    } catch (error) {
      throw error instanceof ProtocolError ? error.within('destination') : error;
    }
  }

  private takeDestination(from: Reader, start: number, end: number): void {
    const { own, numbers, records } = this;
    own.find(from, start, end);
    const at = records.add();
    const { words } = records;
    words[at + PORT] = from.be16(own.start(DESTINATION_PORT));
    words[at + METHOD] = (from.words[own.start(DESTINATION_METHOD) >> 2] as number) & METHOD_MASK;
    // Kernels before 3.18 do not repeat the service's family for each server.
    words[at + FAMILY] = own.has(DESTINATION_FAMILY)
      ? firstHalf(from.words[own.start(DESTINATION_FAMILY) >> 2] as number)
      : this.ofService;
    this.checkCodes(at);
    this.takeAddress(from, at);
    for (let i = 0; i < numbers.length; i++) {
      const { type, column } = numbers[i] as AttributeColumn;
      words[at + column] = own.has(type) ? (from.words[own.start(type) >> 2] as number) : 0;
    }
    if (this.tunnel !== undefined) this.takeTunnel(from, at + this.tunnel);
    if (this.exact.isAsked) this.takeCounters(from, at);
  }

  /** @throws ProtocolError for a code without a name */
  private checkCodes(at: number): void {
    const { words } = this.records;
    familyName(words[at + FAMILY] as number);
    methodName(words[at + METHOD] as number);
  }

  private takeAddress(from: Reader, at: number): void {
    const { own, records } = this;
    const { words } = records;
    const start = own.start(ADDRESS);
    const length = own.end(ADDRESS) - start;
    const needed = addressLength[familyName(words[at + FAMILY] as number)];
    if (length < needed) throw new ProtocolError(`expected ${needed} bytes, got ${length}`, ['address']);
    for (let i = 0; i < 4; i++) words[at + i] = 4 * i < needed ? (from.words[(start >> 2) + i] as number) : 0;
  }

  private takeTunnel(from: Reader, to: number): void {
    const { own, records } = this;
    const { words } = records;
    words[to] = own.has(TUNNEL_TYPE) ? from.u8(own.start(TUNNEL_TYPE)) : codes.tunnelType.ipip;
    words[to + 1] = own.has(TUNNEL_PORT) ? from.be16(own.start(TUNNEL_PORT)) : 0;
    words[to + 2] = own.has(TUNNEL_FLAGS) ? from.u16(own.start(TUNNEL_FLAGS)) : codes.tunnelChecksum.nocsum;
    tunnelTypeName(words[to] as number);
    tunnelChecksumName(words[to + 2] as number);
  }

  private takeCounters(from: Reader, at: number): void {
    const { own } = this;
    if (own.has(STATS64)) this.exact.take(from, own.start(STATS64), own.end(STATS64), at, 'stats64');
    else if (own.has(STATS)) this.old.take(from, own.start(STATS), own.end(STATS), at, 'stats');
    else this.exact.clear(at);
  }
}

/** Reads the counters that are asked for of one of the two sets of counters. */
class CounterReader {
  private readonly layout: AttributeLayout;
  private readonly columns: readonly AttributeColumn[];

  constructor(
    set: typeof Stats32 | typeof Stats64,
    private readonly records: DestinationRecords,
  ) {
    this.layout = new AttributeLayout(set as AttributeSet);
    this.columns = counterNames.flatMap((name: keyof Stats) => {
      const column = records.columns[name];
      const [type, kind] = set.rows[name];
      return column === undefined ? [] : { type, column, wide: kind === u64 };
    });
  }

  get isAsked(): boolean {
    return this.columns.length > 0;
  }

  take(from: Reader, start: number, end: number, at: number, name: string): void {
    const { layout, columns, records } = this;
    try {
      layout.find(from, start, end);
    } catch (error) {
      throw error instanceof ProtocolError ? error.within(name) : error;
    }
    const { words } = records;
    for (let i = 0; i < columns.length; i++) {
      const { type, column, wide } = columns[i] as AttributeColumn;
      const source = layout.start(type) >> 2;
      words[at + column] = source === 0 ? 0 : (from.words[wide && !little ? source + 1 : source] as number);
      words[at + column + 1] =
        source === 0 || !wide ? 0 : (from.words[little ? source + 1 : source] as number);
    }
  }

  /** A kernel that sends no counters has counted nothing. */
  clear(at: number): void {
    const { words } = this.records;
    for (const { column } of this.columns) words.fill(0, at + column, at + column + 2);
  }
}
