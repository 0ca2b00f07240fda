/** -L in all its forms, and -S: asks the kernel, and writes what it says. */
import type { IpvsClient } from '../ipvs/client.js';
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
  sortedBy,
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
export async function list({ context, directory }: Session, options: ListOptions): Promise<void> {
  const client = await context.client();
  const heading = options.of === undefined ? versionLine(await client.info()) : '';
  const rows = await fetch(client, options.of, options.sorted);
  const labels = options.numeric ? numericLabels : await directory.labels(addressesOf(rows));
  const format = formatter(options, labels);
  const out = new Chunks(context.out);
  out.add(heading + format.heading);
  for (const { service, servers } of rows) {
    out.add(format.service(service));
    for (const server of servers) out.add(format.server(service.id, server));
    if (out.full) await out.flush();
  }
  await out.flush();
}

/** The table as lines that -R reads. */
export async function save({ context, directory }: Session, numeric: boolean): Promise<void> {
  const rows = await fetch(await context.client(), undefined, true);
  // A name of an IPv6 address would read back as an IPv4 address, or not at all.
  const named = () => [...addressesOf(rows)].filter((address) => !address.includes(':'));
  const labels: Labels = numeric ? numericLabels : await directory.labels(named());
  const out = new Chunks(context.out);
  for (const { service, servers } of rows) {
    out.add(`${serviceRule(service, labels).join(' ')}\n`);
    for (const server of servers) out.add(`${destinationRule(service.id, server, labels).join(' ')}\n`);
    if (out.full) await out.flush();
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

async function fetch(client: IpvsClient, of: ServiceId | undefined, sorted: boolean): Promise<Row[]> {
  const services = of === undefined ? await client.services() : [await client.service(of)];
  const rows: Row[] = [];
  for (const service of sorted ? sortedBy(services, ({ id }) => serviceOrder(id)) : services) {
    const servers = await client.destinations(service.id);
    rows.push({ service, servers: sorted ? sortedBy(servers, destinationOrder) : servers });
  }
  return rows;
}

function* addressesOf(rows: readonly Row[]): Iterable<string> {
  for (const { service, servers } of rows) {
    if (!isFwmark(service.id)) yield service.id.address;
    for (const { id } of servers) yield id.address;
  }
}
