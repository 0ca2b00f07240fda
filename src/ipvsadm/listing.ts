/** -L in all its forms, and -S: asks the kernel, and writes what it says. */
import type { IpvsClient } from '../ipvs/client.js';
import type { Servers } from '../ipvs/servers.js';
import { formatAddress, isIpv4 } from '../model/address.js';
import { sortedBy } from '../model/order.js';
import { isFwmark, type Service, serviceFamily } from '../model/service.js';
import { layouts } from './columns.js';
import type { ListOptions } from './command.js';
import { daemonLine, formatter, serviceOrder, timeoutsLine, versionLine } from './format.js';
import type { Labels } from './labels.js';
import { Lines } from './lines.js';
import { destinationPrefix, putDestinationRule, serviceRule } from './rules.js';
import type { Session } from './session.js';

/** Writes a service and those of its servers that have these indexes, in this order. */
type RowWriter = (service: Service, servers: Servers, order: Iterable<number>) => void;

/** The table, or one service of it. @throws KernelError of `getService` where there is no such service */
export async function list(session: Session, options: ListOptions): Promise<void> {
  const client = await session.context.client();
  const lines = new Lines();
  if (options.of === undefined) lines.text(versionLine(await client.info()));
  const services = await servicesOf(client, options);
  await eachRow(session, services, options, (labels) => {
    const format = formatter(options, labels);
    lines.text(format.heading);
    return (service, servers, order) => {
      format.service(lines, service);
      for (const index of order) {
        servers.go(index);
        format.server(lines, service.id, servers);
      }
    };
  });
  await lines.writeTo(session.context.out);
}

/** The table as lines that -R reads. */
export async function save(session: Session, numeric: boolean): Promise<void> {
  const client = await session.context.client();
  const lines = new Lines();
  const options = { numeric, sorted: true, wanted: isIpv4 };
  await eachRow(session, sortedServices(await client.settings()), options, (labels) => {
    return (service, servers, order) => {
      lines.begin();
      lines.text(serviceRule(service, labels).join(' '));
      lines.end();
      const prefix = destinationPrefix(service.id);
      for (const index of order) {
        servers.go(index);
        putDestinationRule(lines, prefix, service.id, servers, labels);
      }
    };
  });
  await lines.writeTo(session.context.out);
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

interface RowOptions extends Pick<ListOptions, 'numeric' | 'sorted'> {
  /** Which addresses may have names; all of them where this is left out. */
  readonly wanted?: (address: string) => boolean;
}

/**
 * Hands the rows to a writer, one after the other. Where all is numeric each is written when it is there, and forgotten;
 * names are asked for all together, so that all rows must be there before.
 */
async function eachRow(
  { context, directory }: Session,
  services: readonly Service[],
  { numeric, sorted, wanted = () => true }: RowOptions,
  writer: (labels: Labels | undefined) => RowWriter,
): Promise<void> {
  const client = await context.client();
  const ids = services.map(({ id }) => id);
  const order = (servers: Servers, from: number, to: number) =>
    sorted ? servers.sorted(from, to) : range(from, to);
  if (numeric) {
    const write = writer(undefined);
    await client.servers(ids, (servers, index) => {
      write(services[index] as Service, servers, order(servers, 0, servers.count));
      servers.drop();
    });
    return;
  }
  const addresses = new Set<string>();
  for (const id of ids) if (!isFwmark(id)) addresses.add(id.address);
  const starts: number[] = [];
  const servers = await client.servers(ids, (all, _index, from) => {
    starts.push(from);
    for (const i of range(from, all.count)) {
      all.go(i);
      addresses.add(formatAddress(all.bytes, all.address(), all.family));
    }
  });
  const write = writer(await directory.labels([...addresses].filter(wanted)));
  for (const [index, service] of services.entries()) {
    servers.serviceFamily = serviceFamily(service.id);
    write(service, servers, order(servers, starts[index] as number, starts[index + 1] ?? servers.count));
  }
}

function* range(from: number, to: number): Iterable<number> {
  for (let i = from; i < to; i++) yield i;
}
