/** The rows of -L and -S: services in ipvsadm's order, each followed by its servers. */
import type { IpvsClient } from '../../ipvs/client.js';
import type { DestinationCursor } from '../../ipvs/source/destination-cursor.js';
import type { DestinationField } from '../../ipvs/source/destination-records.js';
import { formatAddress } from '../../model/address.js';
import { endpointOrder, type Order, protocolOrder, sortedBy } from '../../model/order.js';
import { isFwmark, type Protocol, type Service, type ServiceId, serviceFamily } from '../../model/service.js';
import type { Labels } from '../grammar/endpoint-format.js';
import type { NameLookup } from '../name-lookup.js';
import type { LineWriter } from './line-writer.js';

/** Makes lines of rows. */
export interface RowFormat {
  service(to: LineWriter, service: Service): void;
  /** The server that `servers` has come to; it belongs to the service written last. */
  server(to: LineWriter, servers: DestinationCursor): void;
}

export interface Rows {
  readonly services: readonly Service[];
  /** Servers by address and port; otherwise as the kernel has them. */
  readonly sorted: boolean;
  /** The fields of servers that are shown. */
  readonly fields: readonly DestinationField[];
  /** Without labels all is numeric. */
  format(labels?: Labels): RowFormat;
}

/** Writes each service as soon as its servers have been read, and drops them. */
export async function writeRows(client: IpvsClient, rows: Rows, to: LineWriter): Promise<void> {
  const { services, sorted, fields } = rows;
  const format = rows.format();
  await client.servers(
    services.map(({ id }) => id),
    (servers, index) => {
      writeService(
        to,
        format,
        services[index] as Service,
        servers,
        orderOf(servers, 0, servers.count, sorted),
      );
      servers.drop();
    },
    fields,
  );
}

/** Writes rows with names. All names are looked up together, so all servers are read before the first row is written. */
export async function writeNamedRows(
  client: IpvsClient,
  rows: Rows,
  to: LineWriter,
  names: NameLookup,
  /** Whether the name of an address is looked up. */
  named: (address: string) => boolean = () => true,
): Promise<void> {
  const { services, sorted, fields } = rows;
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
  const format = rows.format(await names.labels([...addresses].filter(named)));
  for (const [index, service] of services.entries()) {
    const end = starts[index + 1] ?? servers.count;
    writeService(to, format, service, servers, orderOf(servers, starts[index] as number, end, sorted));
  }
}

function writeService(
  to: LineWriter,
  format: RowFormat,
  service: Service,
  servers: DestinationCursor,
  order: readonly number[],
): void {
  format.service(to, service);
  for (const index of order) {
    servers.seek(index);
    format.server(to, servers);
  }
}

const orderOf = (servers: DestinationCursor, from: number, to: number, sorted: boolean): number[] =>
  sorted ? servers.sorted(from, to) : Array.from({ length: to - from }, (_, index) => from + index);

/** Writes the address and port of the server that `servers` has come to. Without labels no string is made. */
export function putServer(
  to: LineWriter,
  servers: DestinationCursor,
  protocol: Protocol | undefined,
  labels: Labels | undefined,
): void {
  if (labels === undefined) to.endpoint(servers.bytes, servers.address(), servers.family, servers.port());
  else {
    const address = formatAddress(servers.bytes, servers.address(), servers.family);
    to.text(labels.endpoint(address, servers.port(), protocol));
  }
}

export const inListingOrder = (services: readonly Service[]): Service[] =>
  sortedBy(services, ({ id }) => listingOrder(id));

/**
 * Sorts services as ipvsadm lists them: by family, protocol, address and port, firewall marks last. Elsewhere they are sorted by
 * protocol first: `serviceOrder` in model/order.ts.
 */
function listingOrder(id: ServiceId): Order {
  if (isFwmark(id)) return { rank: LAST + 2 * id.fwmark + (id.family === 'inet6' ? 1 : 0), text: '' };
  const protocol = protocolOrder[id.protocol];
  return endpointOrder(serviceFamily(id) === 'inet6' ? IPV6 + protocol : protocol, id);
}

/** Groups of IPv6 services follow those of IPv4; a rank that no service by endpoint reaches. */
const IPV6 = 3;
const LAST = 2 ** 52;
