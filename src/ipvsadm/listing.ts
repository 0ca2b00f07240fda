/** -L in all its forms, and -S: asks the kernel, and writes what it says. */
import type { IpvsClient } from '../ipvs/client.js';
import { isIpv4 } from '../model/address.js';
import { sortedBy } from '../model/order.js';
import type { ServiceId } from '../model/service.js';
import { isFwmark } from '../model/service.js';
import type { DestinationEntry, ServiceEntry } from '../model/table.js';
import { Chunks } from './chunks.js';
import type { ListOptions } from './command.js';
import {
  daemonLine,
  destinationOrder,
  formatter,
  serviceOrder,
  timeoutsLine,
  versionLine,
} from './format.js';
import { type Labels, numericLabels } from './labels.js';
import { destinationRule, serviceRule } from './rules.js';
import type { Session } from './session.js';

interface Row {
  readonly service: ServiceEntry;
  readonly servers: readonly DestinationEntry[];
}

/** The table, or one service of it. @throws KernelError of `getService` where there is no such service */
export async function list(session: Session, options: ListOptions): Promise<void> {
  const client = await session.context.client();
  const heading = options.of === undefined ? versionLine(await client.info()) : '';
  const { rows, labels } = await labelled(
    session,
    fetch(client, options.of, options.sorted),
    options.numeric,
  );
  const format = formatter(options, labels);
  const out = new Chunks(session.context.out);
  out.add(heading + format.heading);
  for await (const { service, servers } of rows) {
    out.add(format.service(service));
    for (const server of servers) out.add(format.server(service.id, server));
  }
  await out.flush();
}

/** The table as lines that -R reads. */
export async function save(session: Session, numeric: boolean): Promise<void> {
  const client = await session.context.client();
  // A name of an IPv6 address would read back as an IPv4 address, or not at all.
  const { rows, labels } = await labelled(session, fetch(client, undefined, true), numeric, isIpv4);
  const out = new Chunks(session.context.out);
  for await (const { service, servers } of rows) {
    out.add(`${serviceRule(service, labels).join(' ')}\n`);
    for (const server of servers) out.add(`${destinationRule(service.id, server, labels).join(' ')}\n`);
  }
  await out.flush();
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

/**
 * The rows one after the other: what is written of them is kept until all are there, so that a listing is whole or none,
 * but not the rows themselves.
 */
async function* fetch(
  client: IpvsClient,
  of: ServiceId | undefined,
  sorted: boolean,
): AsyncGenerator<Row, void> {
  const services = of === undefined ? await client.services() : [await client.service(of)];
  for (const service of sorted ? sortedBy(services, ({ id }) => serviceOrder(id)) : services) {
    const servers = await client.destinations(service.id);
    yield { service, servers: sorted ? sortedBy(servers, destinationOrder) : servers };
  }
}

/** The rows with labels for them. Names are asked for all together, so that all rows must be there before. */
async function labelled(
  { directory }: Session,
  rows: AsyncIterable<Row>,
  numeric: boolean,
  wanted: (address: string) => boolean = () => true,
): Promise<{ rows: AsyncIterable<Row> | Row[]; labels: Labels }> {
  if (numeric) return { rows, labels: numericLabels };
  const all: Row[] = [];
  for await (const row of rows) all.push(row);
  return { rows: all, labels: await directory.labels([...addressesOf(all)].filter(wanted)) };
}

function* addressesOf(rows: readonly Row[]): Iterable<string> {
  for (const { service, servers } of rows) {
    if (!isFwmark(service.id)) yield service.id.address;
    for (const { id } of servers) yield id.address;
  }
}
