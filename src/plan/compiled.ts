/**
 * Plain documents compared with the table by code that was compiled before it runs (src/wasm/comparison.ts): what is as it
 * should be, nearly all of a large table, is only counted. What it knows is what documents and kernels say as a rule. Where
 * one says anything else nothing is told, and both are read as they are read in general.
 */
import { isAscii } from 'node:buffer';
import { Assembly, OptionReader, questionOf, taker, type WithDumps } from '../assembly.js';
import type { IpvsClient } from '../ipvs/client.js';
import type { DesiredService, ServiceState } from '../model/state.js';
import { little, type Writer } from '../netlink/bytes.js';
import code from '../wasm/comparison.wasm.js';
import { type Fields, Records } from './records.js';

/** What comparison.ts exports. */
interface Exports extends Fields, WithDumps {
  textRoom(bytes: number): number;
  takeText(): number;
  cutStart(): number;
  cutEnd(): number;
  settleTexts(): number;
  begin(): void;
  choose(onlyWanted: number): number;
  compare(index: number): void;
  compareOption(index: number): number;
  keptCount(): number;
  tableCount(): number;
  unsettledAt(index: number): number;
  wishCount(): number;
  unsettledWishAt(index: number): number;
}

export type Client = Pick<IpvsClient, 'wholeServices' | 'wholeServers' | 'options'>;

/** Services that may differ, as they are and as they should be; `kept` more services and servers are as they should be. */
export interface Unsettled {
  readonly services: readonly ServiceState[];
  readonly desired: readonly DesiredService[];
  readonly kept: number;
}

export class CompiledComparison {
  private readonly assembly: Assembly<Exports>;
  private readonly records: Records;
  /** Of the service whose servers are asked for by netlink. */
  private asked = 0;

  private constructor(
    assembly: Assembly<Exports>,
    /** The texts with no services in them: what they say beside these. */
    readonly rests: readonly string[],
  ) {
    this.assembly = assembly;
    this.records = new Records(assembly);
  }

  /** The services in texts that are all plain; undefined where one is not, or something may be wrong in it. */
  static of(texts: readonly Uint8Array[]): CompiledComparison | undefined {
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
    const { assembly } = this;
    const { exports } = assembly;
    exports.begin();
    // No reply but the end of the dump is as usual as any.
    if ((await client.wholeServices(taker(assembly, 'takeServices'))) !== 'whole') return undefined;
    const count = exports.choose(Number(onlyWanted));
    if (count < 0) return undefined;
    const questions = this.questions(count, OptionReader.of(assembly, client.options));
    const isWhole = await client.wholeServers(questions, taker(assembly, 'takeServers'), () =>
      exports.compare(this.asked),
    );
    return isWhole ? this.unsettled() : undefined;
  }

  /** For the servers of services that no option tells; the others are compared on the way. */
  private *questions(count: number, options: OptionReader | undefined): Iterable<(to: Writer) => void> {
    const { assembly } = this;
    for (let index = 0; index < count; index++) {
      if (options?.servers(index) && assembly.exports.compareOption(index)) continue;
      this.asked = index;
      yield questionOf(assembly, index);
    }
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

/** Takes the services of a text, which counts as no plain one where it has other letters than ASCII's. @returns the rest of it */
function takeText(assembly: Assembly<Exports>, text: Uint8Array): string | undefined {
  const { exports } = assembly;
  assembly.put(exports.textRoom(text.length), text);
  if (!isAscii(text) || !exports.takeText()) return undefined;
  const [start, end] = [exports.cutStart(), exports.cutEnd()];
  const part = (from: number, to?: number): string => utf8.decode(text.subarray(from, to));
  return end === 0 ? part(0) : `${part(0, start)} []${part(end)}`;
}

const utf8 = new TextDecoder();

/** Those places of so many that there are. */
function places(count: number, placeAt: (index: number) => number): number[] {
  const found: number[] = [];
  for (let index = 0; index < count; index++) {
    const at = placeAt(index);
    if (at !== 0) found.push(at);
  }
  return found;
}
