/**
 * Plain documents compared with the table by code that was compiled before it runs (src/wasm/comparison.ts): what is as it
 * should be, nearly all of a large table, is only counted. What it knows is what documents and kernels say as a rule. Where
 * one says anything else nothing is told, and both are read as they are read in general.
 */
import { Assembly } from '../assembly.js';
import type { IpvsClient } from '../ipvs/client.js';
import type { DesiredService, ServiceState } from '../model/state.js';
import { little, type Writer } from '../netlink/bytes.js';
import type { TakeMessages } from '../netlink/genl.js';
import code from '../wasm/comparison.wasm.js';
import { type Fields, Records } from './records.js';

/** What comparison.ts exports. */
interface Exports extends Fields {
  room(bytes: number): number;
  textRoom(bytes: number): number;
  takeText(): number;
  cutStart(): number;
  cutEnd(): number;
  settleTexts(): number;
  begin(): void;
  takeServices(sequence: number, port: number, type: number): number;
  choose(onlyWanted: number): number;
  question(index: number): number;
  takeServers(sequence: number, port: number, type: number): number;
  compare(index: number): void;
  keptCount(): number;
  tableCount(): number;
  unsettledAt(index: number): number;
  wishCount(): number;
  unsettledWishAt(index: number): number;
}

const outcomes = ['more', 'complete', 'odd'] as const;

export type Client = Pick<IpvsClient, 'wholeServices' | 'wholeServers'>;

/** Services that may differ, as they are and as they should be; `kept` more services and servers are as they should be. */
export interface Unsettled {
  readonly services: readonly ServiceState[];
  readonly desired: readonly DesiredService[];
  readonly kept: number;
}

export class CompiledComparison {
  private readonly assembly: Assembly<Exports>;
  private readonly records: Records;

  private constructor(
    assembly: Assembly<Exports>,
    /** The texts with no services in them: what they say beside these. */
    readonly rests: readonly string[],
  ) {
    this.assembly = assembly;
    this.records = new Records(assembly);
  }

  /** The services in texts that are all plain; undefined where one is not, or something may be wrong in it. */
  static of(texts: readonly string[]): CompiledComparison | undefined {
    const assembly = little ? Assembly.of<Exports>(code) : undefined;
    if (assembly === undefined) return undefined;
    const rests: string[] = [];
    for (const text of texts) {
      const rest = takeText(assembly, text);
      if (rest === undefined) return undefined;
      rests.push(rest);
    }
    return assembly.exports.settleTexts() ? new CompiledComparison(assembly, rests) : undefined;
  }

  /**
   * Reads the table, for the first time or again.
   * @param onlyWanted leaves out the servers of services that the texts do not want
   * @returns undefined where the kernel says something unusual
   */
  async read(client: Client, onlyWanted: boolean): Promise<Unsettled | undefined> {
    const { exports } = this.assembly;
    exports.begin();
    // No reply but the end of the dump is as usual as any.
    if ((await client.wholeServices(this.taker(exports.takeServices))) !== undefined) return undefined;
    const count = exports.choose(Number(onlyWanted));
    if (count < 0) return undefined;
    let next = 0;
    const isWhole = await client.wholeServers(this.questions(count), this.taker(exports.takeServers), () =>
      exports.compare(next++),
    );
    return isWhole ? this.unsettled() : undefined;
  }

  private *questions(count: number): Iterable<(to: Writer) => void> {
    const { assembly } = this;
    for (let index = 0; index < count; index++) {
      yield (to) => {
        const length = assembly.exports.question(index);
        to.raw(assembly.view(assembly.exports.room(0), length));
      };
    }
  }

  private taker(take: Exports['takeServices']): TakeMessages {
    const { assembly } = this;
    return (bytes, sequence, port, type) => {
      assembly.put(assembly.exports.room(bytes.length), bytes);
      return outcomes[take(sequence, port, type)] as (typeof outcomes)[number];
    };
  }

  private unsettled(): Unsettled {
    const { exports } = this.assembly;
    const { records } = this;
    return {
      services: places(exports.tableCount(), exports.unsettledAt).map((at) => ({
        service: records.service(at),
        destinations: records.tableServers(at),
      })),
      desired: places(exports.wishCount(), exports.unsettledWishAt).map((at) => ({
        service: records.service(at),
        destinations: records.wantedServers(at),
      })),
      kept: exports.keptCount(),
    };
  }
}

/** Takes the services of a text. @returns the rest of it */
function takeText(assembly: Assembly<Exports>, text: string): string | undefined {
  const { exports } = assembly;
  const place = exports.textRoom(text.length);
  // Other letters than those of ASCII take more bytes.
  const { read } = utf8.encodeInto(text, assembly.view(place, text.length));
  if (read < text.length || !exports.takeText()) return undefined;
  const [start, end] = [exports.cutStart(), exports.cutEnd()];
  return end === 0 ? text : `${text.slice(0, start)} []${text.slice(end)}`;
}

const utf8 = new TextEncoder();

/** Those places of so many that there are. */
function places(count: number, placeAt: (index: number) => number): number[] {
  const found: number[] = [];
  for (let index = 0; index < count; index++) {
    const at = placeAt(index);
    if (at !== 0) found.push(at);
  }
  return found;
}
