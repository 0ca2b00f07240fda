/** -L in all its forms, and -S: asks the kernel, and writes what it says. */
import type { IpvsClient } from '../../ipvs/client.js';
import type { DestinationCursor } from '../../ipvs/source/destination-cursor.js';
import { type DestinationField, settingFields } from '../../ipvs/source/destination-records.js';
import { formatAddress, isIpv4 } from '../../model/address.js';
import { sortedBy } from '../../model/order.js';
import { isFwmark, type Service } from '../../model/service.js';
import type { ListOptions } from '../grammar/command.js';
import type { Labels } from '../grammar/endpoint-format.js';
import type { Session } from '../name-lookup.js';
import { destinationPrefix, putDestinationRule, serviceRule } from '../rules.js';
import { fieldsOf, layouts } from './columns.js';
import { daemonLine, formatter, serviceOrder, timeoutsLine, versionLine } from './format.js';
import { LineWriter } from './line-writer.js';

/** Writes a service and those of its servers that have these indexes, in this order. */
type RowWriter = (service: Service, servers: DestinationCursor, order: Iterable<number>) => void;

/** The table, or one service of it. @throws KernelError of `getService` where there is no such service */
export async function list(session: Session, options: ListOptions): Promise<void> {
  const { context } = session;
  const client = await context.client();
  const lines = new LineWriter();
  if (options.of === undefined) lines.text(versionLine(await client.info()));
  const services = await servicesOf(client, options);
  const writer = (labels?: Labels): RowWriter => {
    const format = formatter(options, labels);
    lines.text(format.heading);
    return (service, servers, order) => {
      format.service(lines, service);
      for (const index of order) {
        servers.seek(index);
        format.server(lines, service.id, servers);
      }
    };
  };
  const rows = { services, sorted: options.sorted, fields: fieldsOf(layouts[options.columns]) };
  if (options.numeric) await numericRows(client, rows, writer());
  else await namedRows(session, client, rows, writer);
  await lines.flush(context.out);
}

/** The table as lines that -R reads. */
export async function save(session: Session, numeric: boolean): Promise<void> {
  const { context } = session;
  const client = await context.client();
  const lines = new LineWriter();
  const services = sortedServices(await client.settings());
  const writer =
    (labels?: Labels): RowWriter =>
    (service, servers, order) => {
      lines.begin();
      lines.text(serviceRule(service, labels).join(' '));
      lines.end();
      const prefix = destinationPrefix(service.id);
      for (const index of order) {
        servers.seek(index);
        putDestinationRule(lines, prefix, service.id, servers, labels);
      }
    };
  const rows = { services, sorted: true, fields: settingFields };
  if (numeric) await numericRows(client, rows, writer());
  // A name of an IPv6 address would read back as an IPv4 address, or not at all.
  else await namedRows(session, client, rows, writer, isIpv4);
  await lines.flush(context.out);
}

export async function listTimeouts({ context }: Session): Promise<void> {
  const client = await context.client();
  await context.out.write(timeoutsLine(await client.timeouts()));
}

export async function listDaemons({ context }: Session): Promise<void> {
  const client = await context.client();
  const daemons = await client.daemons();
  await context.out.write(daemons.map(daemonLine).join(''));
}

/** The services that a listing shows; with counters only where it shows them. */
async function servicesOf(
  client: IpvsClient,
  { of, columns, sorted }: ListOptions,
): Promise<readonly Service[]> {
  if (of !== undefined) return [await client.service(of)];
  const services = 'counters' in layouts[columns] ? await client.services() : await client.settings();
  return sorted ? sortedServices(services) : services;
}

const sortedServices = (services: readonly Service[]): Service[] =>
  sortedBy(services, ({ id }) => serviceOrder(id));

/** What is listed: services, and the fields of their servers. */
interface Rows {
  readonly services: readonly Service[];
  readonly sorted: boolean;
  readonly fields: readonly DestinationField[];
}

/** Each row is written when its servers are there, and forgotten. */
async function numericRows(
  client: IpvsClient,
  { services, sorted, fields }: Rows,
  write: RowWriter,
): Promise<void> {
  await client.servers(
    services.map(({ id }) => id),
    (servers, index) => {
      write(services[index] as Service, servers, orderOf(servers, 0, servers.count, sorted));
      servers.drop();
    },
    fields,
  );
}

/** Names are asked for all together, so that all rows must be there before the first is written. */
async function namedRows(
  { names }: Session,
  client: IpvsClient,
  { services, sorted, fields }: Rows,
  writer: (labels: Labels) => RowWriter,
  /** Which addresses may have names. */
  wanted: (address: string) => boolean = () => true,
): Promise<void> {
  const ids = services.map(({ id }) => id);
  const addresses = new Set<string>();
  for (const id of ids) if (!isFwmark(id)) addresses.add(id.address);
  const starts: number[] = [];
  const take = (all: DestinationCursor, _index: number, from: number) => {
    starts.push(from);
    for (let i = from; i < all.count; i++) {
      all.seek(i);
      addresses.add(formatAddress(all.bytes, all.address(), all.family));
    }
  };
  const servers = await client.servers(ids, take, fields);
  const write = writer(await names.labels([...addresses].filter(wanted)));
  for (const [index, service] of services.entries()) {
    const from = starts[index] as number;
    const to = starts[index + 1] ?? servers.count;
    write(service, servers, orderOf(servers, from, to, sorted));
  }
}

const orderOf = (servers: DestinationCursor, from: number, to: number, sorted: boolean): number[] =>
  sorted ? servers.sorted(from, to) : Array.from({ length: to - from }, (_, index) => from + index);
