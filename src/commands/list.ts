/** `lvsadm list`: the table, for people and for scripts. */
import { destinationValue, serviceSettings } from '../document/write.js';
import { destinationCounts } from '../model/fields.js';
import { type Holds, holdKey } from '../model/hold.js';
import { formatService } from '../model/service-uri.js';
import { type Json, toJson } from '../output/json.js';
import { heldJson } from '../output/plan.js';
import { themeFor } from '../output/theme.js';
import { toYaml } from '../output/yaml.js';
import { defineCommand } from './command.js';
import { type Entry, readEntries } from './list/entries.js';
import { filterOf, serverFieldNames, serviceFieldNames } from './list/filter.js';
import { measures, sortEntries, views } from './list/measures.js';
import { entriesTable } from './list/table.js';
import { readableHolds } from './shared/holds/holds.js';
import { nameOf } from './shared/server.js';

export const command = defineCommand({
  positionals: {
    service: {
      type: 'service',
      optional: true,
      describe: 'only this virtual service: tcp://192.0.2.10:80, fwmark://7',
    },
  },
  options: {
    stats: { type: 'flag', describe: 'show counters', conflicts: 'rate' },
    rate: { type: 'flag', describe: 'show rates per second: connections, packets, bytes' },
    human: { type: 'flag', alias: 'h', describe: 'write counters and rates with units of 1000: 1.2k, 12M' },
    sort: {
      choices: ['name', ...measures.map(({ name }) => name)],
      default: 'name',
      describe: 'column to sort by, services and the servers of each; numbers: the largest first',
    },
    filter: {
      type: 'filter',
      many: true,
      describe: 'show only what meets this condition, such as weight=0, active>=100 or address=192.0.2.*',
      defaultText: 'all',
    },
    output: {
      alias: 'o',
      choices: ['wide', 'json', 'yaml', 'name'],
      describe: 'wide: all columns; json, yaml: everything; name: a service per line',
      defaultText: 'a table that fits the terminal',
    },
    json: { type: 'flag', describe: 'the same as --output json', conflicts: 'output' },
  },
  notes:
    'A service has the sums of its servers, and its own counters. Yellow: weight 0. Red: a server at its upper threshold, a ' +
    'service without servers, and one whose servers are all at weight 0. --filter compares with =, !=, <, <=, > or >=; * at ' +
    `the end stands for any text. Fields of services: ${serviceFieldNames.join(', ')}; of servers: ${serverFieldNames.join(', ')}.`,
  exitStatuses: { 2: 'there is no such service, or the command line is wrong' },
  examples: [
    ['lvsadm list --filter weight=0', 'servers that get no new connections'],
    ['lvsadm list --stats -h --sort inbytes', 'the busiest services first'],
    ['lvsadm list -o name', 'services for a script, one per line'],
  ],
  acrossNetns: true,
  onlyReads: true,
  async run(context, { service: named, stats, rate, human, sort, filter, output, json }) {
    const filtered = filterOf(filter);
    const holds = readableHolds(context);
    const entries = sortEntries(filtered(await readEntries(context, named)), sort);
    const format = json ? 'json' : output;
    const { out } = context;
    if (format === 'name') {
      await out.write(entries.map(({ service }) => `${formatService(service.id)}\n`).join(''));
    } else if (format === 'json') {
      await out.write(toJson(entriesJson(entries, holds)));
    } else if (format === 'yaml') {
      await out.write(toYaml(entriesJson(entries, holds)));
    } else {
      const view = views[stats ? 'counters' : rate ? 'rates' : 'connections'];
      const theme = await themeFor(out, context.env);
      const layout = { view, theme, human, holds, now: context.date().getTime() };
      await out.write(entriesTable(entries, { ...layout, wide: format === 'wide', width: out.columns }));
    }
    return 0;
  },
});

const entriesJson = (entries: readonly Entry[], holds: Holds): Json => ({
  services: entries.map((entry) => entryJson(entry, holds)),
});

/** Settings as documents have them, connections and counters. */
const entryJson = ({ service, shown }: Entry, holds: Holds): Json => ({
  ...serviceSettings(service),
  stats: { ...service.stats },
  servers: shown.map((server) => ({
    ...destinationValue(server),
    ...Object.fromEntries(destinationCounts.map((count) => [count, server[count]])),
    stats: { ...server.stats },
    held: heldJson(holds.get(holdKey(nameOf({ of: service.id, destination: server })))),
  })),
});
