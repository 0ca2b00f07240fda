/**
 * Numeric listings of whole tables by code that was compiled before it runs: a table of ten thousand servers is listed in
 * the time that a runtime takes to warm up to JavaScript for it. Source: src/wasm/, in AssemblyScript.
 *
 * What it knows is what kernels say as a rule. Where one says anything else, nothing is written, and list.ts lists as it
 * lists what is not numeric, or says what is wrong.
 */
import { Assembly, OptionReader, questionOf, taker, type WithDumps } from '../assembly.js';
import type { Context } from '../context.js';
import type { IpvsClient } from '../ipvs/client.js';
import { little, type Writer } from '../netlink/bytes.js';
import type { TakeMessages } from '../netlink/genl.js';
import code from '../wasm/listing.wasm.js';

/** What listing.ts exports. Addresses are bytes of its memory. */
interface Exports extends WithDumps {
  textRoom(bytes: number): number;
  settle(isSorted: number): number;
  takeText(): number;
  writeKnown(from: number, isSorted: number): number;
  writeAsked(index: number, isRules: number, isSorted: number): void;
  writeOption(index: number, isRules: number, isSorted: number): number;
  outputStart(): number;
  outputLength(): number;
}

/** Bytes of a datagram that has nothing but a dump's end. */
const END = 20;

/** Bytes to a write. */
const ENOUGH = 64 * 1024;

/**
 * More services than this are asked for one by one: the kernel goes through all that it has written so far whenever it is
 * read on, 4 KiB at a time.
 */
const MANY = 16_384;

const tablePath = '/proc/net/ip_vs';

export interface How {
  /** Lines of -L, or rules of -S. */
  readonly as: 'lines' | 'rules';
  readonly sorted: boolean;
  /** Where lines of servers may be taken from /proc/net/ip_vs. */
  readonly readFile?: Context['readFile'];
}

/** The table's lines, in large pieces; `empty` where there is no service, `odd` where this cannot list it. */
export type Compiled = Iterable<Uint8Array> | 'empty' | 'odd';

export async function compiledListing(client: IpvsClient, how: How): Promise<Compiled> {
  let assembly: Assembly<Exports> | undefined;
  let take: TakeMessages | undefined;
  const found = await client.wholeServices((bytes, ...about) => {
    // Made when there is something to read: an empty table is listed without.
    if (take === undefined) {
      assembly = little && bytes.length > END ? Assembly.of(code) : undefined;
      take = assembly ? taker(assembly, 'takeServices') : () => 'odd';
    }
    return take(bytes, ...about);
  });
  if (found !== 'whole') return found;
  const table = new Table(assembly as Assembly<Exports>, how);
  const count = table.settle();
  const isOptional = table.readOptions(client);
  if (how.readFile && !isOptional && count <= MANY) await table.readText(how.readFile);
  const isWhole = await client.wholeServers(table.questions(count), table.takeServers, table.writeAsked);
  return isWhole ? table.pieces() : 'odd';
}

/** A table whose services have all been taken. */
class Table {
  private readonly isRules: number;
  private readonly isSorted: number;
  /** Of the service whose servers are asked for. */
  private asked = 0;
  private options: OptionReader | undefined;

  constructor(
    private readonly assembly: Assembly<Exports>,
    { as, sorted }: How,
  ) {
    this.isRules = Number(as === 'rules');
    this.isSorted = Number(sorted);
  }

  /** @returns how many services there are */
  settle(): number {
    return this.exports.settle(this.isSorted);
  }

  /** Whether servers may be told by options of a socket. */
  readOptions({ options }: Pick<IpvsClient, 'options'>): boolean {
    this.options = OptionReader.of(this.assembly, options);
    return this.options !== undefined;
  }

  /** Where /proc is not there, or not as expected, netlink says everything. */
  async readText(readFile: Context['readFile']): Promise<void> {
    const { assembly, exports } = this;
    try {
      for await (const chunk of readFile(tablePath)) assembly.put(exports.textRoom(chunk.length), chunk);
      exports.takeText();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  /** Writers of the requests for servers that are not known; what is known is written on the way. */
  *questions(count: number): Iterable<(to: Writer) => void> {
    for (let next = 0; ; next++) {
      this.asked = next = this.exports.writeKnown(next, this.isSorted);
      if (next === count) return;
      if (!this.writeOption(next)) yield questionOf(this.assembly, next);
    }
  }

  private writeOption(index: number): boolean {
    const { options, exports, isRules, isSorted } = this;
    if (!options?.servers(index)) return false;
    return exports.writeOption(index, isRules, isSorted) !== 0;
  }

  get takeServers(): TakeMessages {
    return taker(this.assembly, 'takeServers');
  }

  readonly writeAsked = (): void => this.exports.writeAsked(this.asked, this.isRules, this.isSorted);

  *pieces(): Iterable<Uint8Array> {
    const start = this.exports.outputStart() >>> 0;
    const end = start + this.exports.outputLength();
    for (let at = start; at < end; at += ENOUGH) yield this.assembly.view(at, Math.min(ENOUGH, end - at));
  }

  private get exports(): Exports {
    return this.assembly.exports;
  }
}
