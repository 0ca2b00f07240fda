/** -L of the table, of timeouts and of daemons. */
import type { IpvsClient } from '../../ipvs/client.js';
import type { Service } from '../../model/service.js';
import type { ListOptions } from '../grammar/command.js';
import type { Session } from '../name-lookup.js';
import { daemonLine, tableFormat, timeoutsLine, versionLine } from './format.js';
import { fieldsOf, layouts } from './layouts.js';
import { LineWriter } from './line-writer.js';
import { inListingOrder, type Rows, writeNamedRows, writeRows } from './rows.js';

/** The table, or one service of it. @throws KernelError of `getService` if the service does not exist */
export async function list({ context, names }: Session, options: ListOptions): Promise<void> {
  const client = await context.client();
  const layout = layouts[options.columns];
  const lines = new LineWriter();
  if (options.of === undefined) lines.text(versionLine(await client.info()));
  lines.text(layout.heading);
  const rows: Rows = {
    services: await servicesOf(client, options),
    sorted: options.sorted,
    fields: fieldsOf(layout),
    format: (labels) => tableFormat(layout, options.exact, labels),
  };
  if (options.numeric) await writeRows(client, rows, lines);
  else await writeNamedRows(client, rows, lines, names);
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

/** The services of a listing, with counters only if it shows them. */
async function servicesOf(
  client: IpvsClient,
  { of, columns, sorted }: ListOptions,
): Promise<readonly Service[]> {
  if (of !== undefined) return [await client.service(of)];
  const services = 'counters' in layouts[columns] ? await client.services() : await client.settings();
  return sorted ? inListingOrder(services) : services;
}
