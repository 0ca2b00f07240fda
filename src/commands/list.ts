/** `lvsadm list`: the table, for people and for scripts. */

import type { Context } from '../context.js';
import { destinationValue, serviceSettings } from '../document/write.js';
import { printable } from '../foreign-text.js';
import { destinationKey } from '../model/destination.js';
import { destinationCounts } from '../model/fields.js';
import { destinationOrder, serviceOrder, sortedBy } from '../model/order.js';
import { flagNames } from '../model/schedulers.js';
import type { Service } from '../model/service.js';
import { formatService } from '../model/service-uri.js';
import type { Stats } from '../model/stats.js';
import type { DestinationEntry, ServiceEntry } from '../model/table.js';
import { type Json, toJson } from '../output/json.js';
import { type Column, renderTable } from '../output/table.js';
import { themeFor } from '../output/theme.js';
import { defineCommand } from './command.js';
import { serviceArgument } from './shared/service-arg.js';

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
    rate: { type: 'flag', describe: 'show rates per second' },
    json: { type: 'flag', describe: 'write settings, connections, counters and rates as JSON' },
  },
  async run(context, { service: named, stats, rate, json }) {
    const entries = await read(context, named);
    if (json) {
      await context.out.write(toJson({ services: entries.map(entryJson) }));
      return 0;
    }
    const view = stats ? counters : rate ? rates : connections;
    const theme = await themeFor(context.out, context.env);
    const rows = entries.flatMap(({ service, destinations }) => [
      [theme.heading(formatService(service.id)), aboutService(service), ...view.service(service)],
      ...destinations.map((destination) => [
        `  ${destinationKey(destination.id)}`,
        aboutDestination(destination),
        ...view.destination(destination),
      ]),
    ]);
    await context.out.write(
      await renderTable([...subjectColumns, ...view.columns], rows, context.out, theme),
    );
    return 0;
  },
});

interface Entry {
  readonly service: ServiceEntry;
  readonly destinations: readonly DestinationEntry[];
}

async function read(context: Context, named: string | undefined): Promise<Entry[]> {
  const client = await context.client();
  const services =
    named === undefined
      ? await client.services()
      : [await client.service(await serviceArgument(named, context))];
  const entries: Entry[] = [];
  for (const service of sortedBy(services, ({ id }) => serviceOrder(id))) {
    const destinations = sortedBy(await client.destinations(service.id), ({ id }) => destinationOrder(id));
    entries.push({ service, destinations });
  }
  return entries;
}

/** Columns that follow the subject, and their cells. */
interface View {
  readonly columns: readonly Column[];
  service(entry: ServiceEntry): string[];
  destination(entry: DestinationEntry): string[];
}

const subjectColumns: readonly Column[] = [{ heading: 'service / server' }, { heading: 'scheduling' }];

const right = (...headings: string[]): Column[] => headings.map((heading) => ({ heading, align: 'right' }));

const connections: View = {
  columns: right('weight', 'active', 'inactive', 'persistent'),
  service: () => ['', '', '', ''],
  destination: (entry) => ['weight' as const, ...destinationCounts].map((field) => String(entry[field])),
};

const numbers = (fields: readonly (keyof Stats)[], headings: string[]): View => {
  const cells = ({ stats }: { readonly stats: Stats }) => fields.map((field) => String(stats[field]));
  return { columns: right(...headings), service: cells, destination: cells };
};

const counters = numbers(
  ['connections', 'inPackets', 'outPackets', 'inBytes', 'outBytes'],
  ['connections', 'packets in', 'packets out', 'bytes in', 'bytes out'],
);

const rates = numbers(
  ['connectionRate', 'inPacketRate', 'outPacketRate', 'inByteRate', 'outByteRate'],
  ['connections/s', 'packets in/s', 'packets out/s', 'bytes in/s', 'bytes out/s'],
);

const aboutService = (service: Service): string => {
  const { scheduler, persistence, onePacket } = service;
  const flags = flagNames(service);
  return [
    printable(scheduler),
    ...(flags.length > 0 ? [`(${flags.join(', ')})`] : []),
    ...(persistence ? [`persistent ${persistence.timeout} s`] : []),
    ...(persistence?.engine ? [`by ${printable(persistence.engine)}`] : []),
    ...(onePacket ? ['one-packet'] : []),
  ].join(' ');
};

const aboutDestination = ({ method, tunnel }: DestinationEntry): string =>
  method === 'tun' && tunnel.type !== 'ipip' ? `${method} ${tunnel.type}` : method;

/** Settings as documents have them, connections and counters. */
const entryJson = ({ service, destinations }: Entry): Json => ({
  ...serviceSettings(service),
  stats: { ...service.stats },
  servers: destinations.map((destination) => ({
    ...destinationValue(destination),
    ...Object.fromEntries(destinationCounts.map((count) => [count, destination[count]])),
    stats: { ...destination.stats },
  })),
});
