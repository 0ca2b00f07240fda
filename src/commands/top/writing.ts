/** top outside a terminal: the rates of each interval as text or as JSON. */
import type { Context } from '../../context.js';
import type { RatedTable } from '../../observe/table/rates.js';
import { glyphsFor } from '../../output/glyphs.js';
import { toJsonLine } from '../../output/json.js';
import { themeFor } from '../../output/theme.js';
import { AgentHealth, type HealthMarks, marksOf } from '../shared/agent/agent-health.js';
import { Interruption } from '../shared/change/interruption.js';
import { survive } from '../shared/reading-client.js';
import { arrange, type Line } from './arrange.js';
import { Readings } from './reading.js';
import { tableRows } from './rows.js';
import type { Settings } from './state.js';
import { topJson } from './top-json.js';

export interface Writing {
  /** Milliseconds. */
  readonly interval: number;
  readonly once: boolean;
  readonly json: boolean;
  /** Writes a line on standard error. */
  readonly tell: (line: string) => void;
  readonly runDir: string | undefined;
}

/** Writes what each interval brought, until the process is asked to stop. */
export async function write(
  context: Context,
  settings: Settings,
  { interval, once, json, tell, runDir }: Writing,
): Promise<void> {
  const { out } = context;
  const interruption = new Interruption(context);
  const readings = new Readings(context);
  const health = new AgentHealth(context, tell, runDir);
  const format = json ? jsonFormat : await textFormat(context, settings);
  const next = () => readings.next();
  try {
    // An error at once is one of the command; later ones may pass.
    await next();
    let isFirst = true;
    do {
      await interruption.sleep(interval);
      if (interruption.requested) return;
      const table = await (once ? next() : survive(next, tell));
      if (table === undefined) continue;
      // Afterwards: while a large table is read, no answer would be heard in time.
      const marks = marksOf(await health.read());
      const lines = arrange(table, { ...settings, reversed: false, folded: new Set() });
      await out.write(format(table, lines, marks, context.date(), isFirst));
      isFirst = false;
    } while (!once);
  } finally {
    readings.close();
  }
}

type Format = (
  table: RatedTable,
  lines: readonly Line[],
  health: HealthMarks,
  date: Date,
  isFirst: boolean,
) => string;

const jsonFormat: Format = (table, lines, health, date) => toJsonLine(topJson(table, lines, health, date));

async function textFormat({ out, env }: Context, { units, sort }: Settings): Promise<Format> {
  const layout = { theme: await themeFor(out, env), glyphs: glyphsFor(env), units, sort, screen: undefined };
  return (table, lines, health, date, isFirst) => {
    const { heading, rows } = tableRows(lines, { ...layout, health });
    const title = `${date.toISOString()}  rates of ${table.seconds.toFixed(1)} s`;
    return `${isFirst ? '' : '\n'}${[title, heading, ...rows].join('\n')}\n`;
  };
}
