/** The table with its counters at one moment, as metrics need it. */
import type { IpvsClient } from '../../ipvs/client.js';
import type { DestinationCursor } from '../../ipvs/source/destination-cursor.js';
import { formatAddress, formatEndpoint } from '../../model/address.js';
import type { Daemon } from '../../model/daemon.js';
import { serviceOrder, sortedBy } from '../../model/order.js';
import { serviceKey } from '../../model/service.js';
import type { Info, ServiceEntry, Timeouts } from '../../model/table.js';

export interface SampledServer {
  /** At `servers.seek`. */
  readonly index: number;
  readonly address: string;
  readonly port: number;
}

export interface SampledService {
  readonly service: ServiceEntry;
  readonly servers: readonly SampledServer[];
}

export interface TableSample {
  readonly info: Info;
  readonly timeouts: Timeouts;
  readonly daemons: readonly Daemon[];
  readonly services: readonly SampledService[];
  /** All servers, at the indexes of `services`. */
  readonly cursor: DestinationCursor;
}

export type SampledClient = Pick<IpvsClient, 'info' | 'timeouts' | 'daemons' | 'services' | 'servers'>;

/**
 * Reads the table. Not a snapshot: changes that others make meanwhile may show in part. But nothing is there twice, which dumps of
 * a table that changes may repeat.
 * @throws what the client throws: a table that could be read in part only is none
 */
export async function sampleTable(client: SampledClient): Promise<TableSample> {
  const byKey = new Map((await client.services()).map((service) => [serviceKey(service.id), service]));
  const services = sortedBy([...byKey.values()], ({ id }) => serviceOrder(id));
  const sampled: SampledService[] = [];
  const cursor = await client.servers(
    services.map(({ id }) => id),
    (servers, index, from) => {
      sampled.push({ service: services[index] as ServiceEntry, servers: sampleServers(servers, from) });
    },
  );
  const [info, timeouts, daemons] = [await client.info(), await client.timeouts(), await client.daemons()];
  return { info, timeouts, daemons, services: sampled, cursor };
}

function sampleServers(servers: DestinationCursor, from: number): SampledServer[] {
  const byEndpoint = new Map<string, SampledServer>();
  for (const index of servers.sorted(from, servers.count)) {
    servers.seek(index);
    const address = formatAddress(servers.bytes, servers.address(), servers.family);
    const port = servers.port();
    byEndpoint.set(formatEndpoint(address, port), { index, address, port });
  }
  return [...byEndpoint.values()];
}
