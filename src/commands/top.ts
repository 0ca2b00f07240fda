/** `lvsadm top`: rates and connections of services and servers, live, as text or as JSON. */
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import type { RatedTable } from '../observe/table/rates.js';
import { glyphsFor } from '../output/glyphs.js';
import { toJsonLine } from '../output/json.js';
import { themeFor } from '../output/theme.js';
import { defineCommand } from './command.js';
import { Interruption } from './shared/interruption.js';
import { survive } from './shared/reading-client.js';
import { runDirOption } from './shared/store.js';
import { writeAllNetns } from './top/all-netns.js';
import { arrange, type Line, sortNames } from './top/arrange.js';
import { showLive } from './top/live.js';
import { unitNames } from './top/measures.js';
import { Readings } from './top/reading.js';
import { tableRows } from './top/rows.js';
import type { Settings } from './top/state.js';
import { topJson } from './top/top-json.js';

/** Shortest interval, in seconds. */
const SHORTEST = 0.1;

export const command = defineCommand({
  options: {
    interval: { type: 'seconds', default: 1, describe: 'time between two readings of the table' },
    once: { type: 'flag', describe: 'write the rates of one interval as text, and end' },
    sort: {
      choices: sortNames,
      default: 'name',
      describe: 'column to sort by, services and the servers of each; numbers: the largest first',
    },
    filter: {
      type: 'filter',
      describe: 'show only services and servers with this text in their name',
      defaultText: 'all',
    },
    units: {
      choices: unitNames,
      default: 'bytes',
      describe: 'rates in bytes or bits with units of 1000: 1.2k, 12M; exact: bytes, all digits',
    },
    'read-only': { type: 'flag', describe: 'no keys that change servers' },
    ...runDirOption,
    json: { type: 'flag', describe: 'write a JSON object for each interval, on a line of its own' },
    'all-netns': {
      type: 'flag',
      describe:
        'with --once or --json: this network namespace, and all that have names of ip-netns(8); with their names as netns',
    },
  },
  notes:
    'On a terminal a live screen, whose keys ? lists; otherwise a table as text for each interval. Rates are per second: what the ' +
    '64-bit counters gained between two readings. share is the part of the connections that the servers of the service got in the last ' +
    'minute. - is a rate that is not known yet. Yellow: weight 0. Red: a server at its upper threshold, a service without servers, and one ' +
    'whose servers are all at weight 0. The module of the kernel is not loaded.',
  exitStatuses: { 0: 'ended by q, SIGINT or SIGTERM' },
  examples: [
    ['lvsadm top --sort cps', 'services with the most new connections first'],
    ['lvsadm top --once --interval 10', 'rates of ten seconds, as text'],
    ['lvsadm top --json --interval 5 >> rates.log', 'a record of rates'],
  ],
  async run(context, { interval, once, sort, filter = '', units, readOnly, runDir, json, allNetns }) {
    if (interval < SHORTEST) throw new UsageError(`at least ${SHORTEST} s`, '--interval');
    const tell = (line: string) => void context.err.write(`lvsadm: ${line}\n`);
    if (allNetns) {
      if (!once && !json)
        throw new UsageError('needs --once or --json: the screen has one namespace', '--all-netns');
      const words = ['top', '--once', '--interval', `${interval}`, '--sort', sort, '--units', units];
      words.push(`--filter=${filter}`, ...(json ? ['--json'] : []));
      await writeAllNetns(context, words, { once, json, tell });
      return 0;
    }
    const settings = { sort, filter, units, readOnly };
    const isLive =
      !once && !json && (await showLive(context, { ...settings, interval: interval * 1000, runDir }));
    if (!isLive) await write(context, settings, { interval: interval * 1000, once, json, tell });
    return 0;
  },
});

interface Writing {
  /** Milliseconds. */
  readonly interval: number;
  readonly once: boolean;
  readonly json: boolean;
  /** Writes a line on standard error. */
  readonly tell: (line: string) => void;
}

/** Writes what each interval brought, until the process is asked to stop. */
async function write(
  context: Context,
  settings: Settings,
  { interval, once, json, tell }: Writing,
): Promise<void> {
  const { out } = context;
  const interruption = new Interruption(context);
  const readings = new Readings(context);
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
      const lines = arrange(table, { ...settings, reversed: false, folded: new Set() });
      await out.write(format(table, lines, context.date(), isFirst));
      isFirst = false;
    } while (!once);
  } finally {
    readings.close();
  }
}

type Format = (table: RatedTable, lines: readonly Line[], date: Date, isFirst: boolean) => string;

const jsonFormat: Format = (table, lines, date) => toJsonLine(topJson(table, lines, date));

async function textFormat({ out, env }: Context, { units, sort }: Settings): Promise<Format> {
  const layout = { theme: await themeFor(out, env), glyphs: glyphsFor(env), units, sort, screen: undefined };
  return (table, lines, date, isFirst) => {
    const { heading, rows } = tableRows(lines, layout);
    const title = `${date.toISOString()}  rates of ${table.seconds.toFixed(1)} s`;
    return `${isFirst ? '' : '\n'}${[title, heading, ...rows].join('\n')}\n`;
  };
}
