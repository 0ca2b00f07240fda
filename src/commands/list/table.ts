/** The table that `list` writes for people. */
import { masked } from '../../foreign-text.js';
import { destinationKey } from '../../model/destination.js';
import { type Holds, holdKey, holdText } from '../../model/hold.js';
import { flagNames } from '../../model/schedulers.js';
import { defaults, type Service, serviceFamily } from '../../model/service.js';
import { formatService } from '../../model/service-uri.js';
import type { DestinationEntry } from '../../model/table.js';
import type { Column } from '../../output/columns.js';
import { type Row, renderTable } from '../../output/table.js';
import type { Theme } from '../../output/theme.js';
import { humanNumber } from '../../output/units.js';
import { nameOf } from '../shared/server.js';
import type { Entry } from './entries.js';
import type { Measure } from './measures.js';

export interface Layout {
  readonly view: readonly Measure[];
  readonly theme: Theme;
  /** Counters and rates with units. */
  readonly human: boolean;
  /** All columns, and no lines but those of services and servers. */
  readonly wide: boolean;
  /** Of the terminal, in columns. */
  readonly width: number | undefined;
  /** In force. */
  readonly holds: Holds;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const NONE = '-';

export function entriesTable(entries: readonly Entry[], layout: Layout): string {
  const { view, theme, wide, width } = layout;
  const measures = view.filter(
    ({ optional, ofServer }) =>
      wide || !optional || entries.some(({ shown }) => shown.some((server) => ofServer(server) > 0)),
  );
  const columns: Column[] = [
    { heading: 'SERVICE/SERVER' },
    { heading: 'SCHED/METHOD' },
    ...measures.map(
      ({ name, leaves }): Column => ({
        heading: name.toUpperCase(),
        align: 'right',
        ...(leaves !== undefined && { leaves }),
      }),
    ),
    ...(wide ? [{ heading: 'DETAILS' }] : []),
  ];
  const rows = entries.flatMap((entry) => [
    serviceRow(entry, measures, layout),
    ...entry.shown.map((server) => serverRow(server, entry.service, measures, layout)),
  ]);
  return renderTable(columns, rows, theme, wide ? undefined : width);
}

function serviceRow(entry: Entry, measures: readonly Measure[], layout: Layout): Row {
  const { service, destinations } = entry;
  const isEmpty = destinations.length === 0;
  const name = formatService(service.id);
  return row(
    [layout.theme[isEmpty ? 'error' : 'heading'](name), masked(service.scheduler)],
    measures.map((measure) => cell(measure, measure.ofService(entry), measure.paintService?.(entry), layout)),
    [...schedulingOf(service), ...(isEmpty ? ['no servers'] : [])],
    layout,
  );
}

function serverRow(
  server: DestinationEntry,
  service: Service,
  measures: readonly Measure[],
  layout: Layout,
): Row {
  const { id, method, tunnel } = server;
  const kind = method === 'tun' && tunnel.type !== 'ipip' ? `${method} ${tunnel.type}` : method;
  return row(
    [`  ${destinationKey(id)}`, kind],
    measures.map((measure) => cell(measure, measure.ofServer(server), measure.paintServer?.(server), layout)),
    [...(layout.wide ? encapsulationOf(server) : []), ...holdOf(server, service, layout)],
    layout,
  );
}

function row(
  subject: readonly string[],
  cells: readonly string[],
  details: readonly string[],
  { wide }: Layout,
): Row {
  const text = details.join(', ');
  if (wide) return { cells: [...subject, ...cells, text || NONE] };
  return { cells: [...subject, ...cells], note: text };
}

function cell(
  { optional, scaled }: Measure,
  value: number | bigint,
  paint: keyof Theme | undefined,
  { theme, human }: Layout,
): string {
  if (optional && value === 0) return NONE;
  const text = human && scaled ? humanNumber(value) : String(value);
  return paint === undefined ? text : theme[paint](text);
}

/** What a service has besides its scheduler. */
function schedulingOf(service: Service): string[] {
  const { id, persistence, onePacket } = service;
  const { timeout, netmask, engine } = persistence ?? {};
  return [
    ...flagNames(service),
    ...(persistence ? [`persistent ${timeout} s${engine === undefined ? '' : ` by ${masked(engine)}`}`] : []),
    ...(netmask === undefined || netmask === defaults.netmask[serviceFamily(id)]
      ? []
      : [`netmask ${netmask}`]),
    ...(onePacket ? ['one-packet'] : []),
  ];
}

function holdOf(server: DestinationEntry, service: Service, { holds, now }: Layout): string[] {
  const hold = holds.size > 0 && holds.get(holdKey(nameOf({ of: service.id, destination: server })));
  return hold ? [holdText(hold, now)] : [];
}

const encapsulationOf = ({ method, tunnel: { port, checksum } }: DestinationEntry): string[] =>
  method !== 'tun'
    ? []
    : [...(port > 0 ? [`port ${port}`] : []), ...(checksum === 'nocsum' ? [] : [checksum])];
