/**
 * Numeric listings of whole tables by code that was compiled before it runs: a table of ten thousand servers is listed in
 * the time that a runtime takes to warm up to JavaScript for it. Source: src/wasm/, in AssemblyScript.
 *
 * What it knows is what kernels say as a rule. Where one says anything else, nothing is written, and list.ts lists as it
 * lists what is not numeric, or says what is wrong.
 */
import type { Context } from '../context.js';
import type { IpvsClient } from '../ipvs/client.js';
import { little, type Writer } from '../netlink/bytes.js';
import type { TakeMessages } from '../netlink/genl.js';
import code from '../wasm/listing.wasm.js';
import { instanceOf } from './webassembly.js';

/** What listing.ts exports. Addresses are bytes of its memory. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  room(bytes: number): number;
  textRoom(bytes: number): number;
  takeServices(sequence: number, port: number, type: number): number;
  settle(isSorted: number): number;
  takeText(): number;
  writeKnown(from: number, isSorted: number): number;
  question(index: number): number;
  takeServers(sequence: number, port: number, type: number): number;
  writeAsked(index: number, isRules: number, isSorted: number): void;
  outputStart(): number;
  outputLength(): number;
}

const outcomes = ['more', 'complete', 'odd'] as const;

/** Bytes of a datagram that has nothing but a dump's end. */
const END = 20;
/** Where its flags are, and NLM_F_DUMP_INTR in them. */
const FLAGS = 6;
const DUMP_INTERRUPTED = 0x10;

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
  const table = new Table(how);
  const odd = await client.wholeServices(table.takeServices);
  if (odd !== undefined) return odd === 0 && table.isEmpty ? 'empty' : 'odd';
  const count = table.settle();
  if (how.readFile && count <= MANY) await table.readText(how.readFile);
  const isWhole = await client.wholeServers(table.questions(count), table.takeServers, table.writeAsked);
  return isWhole ? table.pieces() : 'odd';
}

class Table {
  private readonly isRules: number;
  private readonly isSorted: number;
  /** Made when there is something to read: an empty table is listed without. */
  private compiled: Exports | undefined;
  private memory = new Uint8Array(0);
  /** Of the service whose servers are asked for. */
  private asked = 0;

  constructor({ as, sorted }: How) {
    this.isRules = Number(as === 'rules');
    this.isSorted = Number(sorted);
  }

  /** Whether the first datagram was the end of a dump that nothing came between. */
  isEmpty = false;

  readonly takeServices: TakeMessages = (bytes, sequence, port, type) => {
    if (this.compiled === undefined) {
      if (!little) return 'odd';
      if (bytes.length <= END) {
        this.isEmpty = ((bytes[FLAGS] as number) & DUMP_INTERRUPTED) === 0;
        return 'odd';
      }
      this.compiled = instanceOf<Exports>(code);
      if (this.compiled === undefined) return 'odd';
    }
    this.put(this.table.room(bytes.length), bytes);
    return outcome(this.table.takeServices(sequence, port, type));
  };

  readonly takeServers: TakeMessages = (bytes, sequence, port, type) => {
    this.put(this.table.room(bytes.length), bytes);
    return outcome(this.table.takeServers(sequence, port, type));
  };

  /** All services have been taken. @returns how many they are */
  settle(): number {
    return this.table.settle(this.isSorted);
  }

  /** Where /proc is not there, or not as expected, netlink says everything. */
  async readText(readFile: Context['readFile']): Promise<void> {
    try {
      for await (const chunk of readFile(tablePath)) this.put(this.table.textRoom(chunk.length), chunk);
      this.table.takeText();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  /** Writers of the requests for servers that are not known; what is known is written on the way. */
  *questions(count: number): Iterable<(to: Writer) => void> {
    const { table, isSorted } = this;
    for (let next = 0; ; next++) {
      this.asked = next = table.writeKnown(next, isSorted);
      if (next === count) return;
      yield (to) => {
        const length = table.question(next);
        to.raw(this.view(table.room(0), length));
      };
    }
  }

  readonly writeAsked = (): void => this.table.writeAsked(this.asked, this.isRules, this.isSorted);

  *pieces(): Iterable<Uint8Array> {
    const start = this.table.outputStart();
    const end = start + this.table.outputLength();
    for (let at = start; at < end; at += ENOUGH) yield this.view(at, Math.min(ENOUGH, end - at));
  }

  private get table(): Exports {
    return this.compiled as Exports;
  }

  private put(at: number, bytes: Uint8Array): void {
    this.all().set(bytes, at >>> 0);
  }

  private view(at: number, length: number): Uint8Array {
    return this.all().subarray(at >>> 0, (at >>> 0) + length);
  }

  /** Memory that has grown is another buffer. */
  private all(): Uint8Array {
    const { buffer } = this.table.memory;
    if (this.memory.buffer !== buffer) this.memory = new Uint8Array(buffer);
    return this.memory;
  }
}

const outcome = (code: number) => outcomes[code] as (typeof outcomes)[number];
