/** States of top over a table in memory, without a terminal and without waiting. */
import { frame } from '../../src/commands/top/frame.js';
import { press } from '../../src/commands/top/keys.js';
import { initialState, type Settings, type TopState, withTable } from '../../src/commands/top/state.js';
import type { Size } from '../../src/context.js';
import type { IpvsClient } from '../../src/ipvs/client.js';
import { type RatedTable, rateTable } from '../../src/observe/table/rates.js';
import { sampleTable } from '../../src/observe/table/sample.js';
import { unicodeGlyphs } from '../../src/output/glyphs.js';
import { plainTheme } from '../../src/output/theme.js';
import { FakeIpvs } from './fake-ipvs.js';
import { connect, fillTable, grow } from './top-table.js';

/** Seconds between two readings. */
const INTERVAL = 5;

export const usualSettings: Settings = { sort: 'name', filter: '', units: 'bytes', readOnly: false };

/** A table that is read again and again. */
export class Readings {
  private last: RatedTable | undefined;

  private constructor(
    readonly ipvs: FakeIpvs,
    private readonly client: IpvsClient,
  ) {}

  static async start(): Promise<Readings> {
    const ipvs = new FakeIpvs();
    await fillTable(ipvs);
    connect(ipvs);
    return new Readings(ipvs, await ipvs.client());
  }

  /** @param load of the clients since the last reading, 1 for the usual one */
  async next(load: number): Promise<RatedTable> {
    grow(this.ipvs, load * INTERVAL);
    const time = (this.last?.time ?? -INTERVAL * 1000) + INTERVAL * 1000;
    this.last = rateTable(await sampleTable(this.client), time, this.last);
    return this.last;
  }
}

/** Of a minute in which the load rose and fell. */
export async function minute(): Promise<RatedTable> {
  const readings = await Readings.start();
  for (const load of [0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0, 0.5]) await readings.next(load);
  return readings.next(1);
}

export const stateAt = (size: Size, table: RatedTable, settings = usualSettings): TopState =>
  withTable(initialState(size, settings), table, new Date(table.time));

/** The state after these keys. */
export const after = (state: TopState, ...keys: readonly string[]): TopState => keys.reduce(press, state);

/** Its screen, without colours and blanks at the ends of lines. */
export const linesOf = (state: TopState): string[] =>
  frame(state, { theme: plainTheme, glyphs: unicodeGlyphs }).map((line) => line.trimEnd());
