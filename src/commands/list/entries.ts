/** The services and servers that `list` shows. */
import type { Context } from '../../context.js';
import { destinationOrder, serviceOrder, sortedBy } from '../../model/order.js';
import type { DestinationEntry, ServiceEntry } from '../../model/table.js';
import { findService } from '../shared/server.js';

export interface Entry {
  readonly service: ServiceEntry;
  /** All of its servers. */
  readonly destinations: readonly DestinationEntry[];
  /** The servers to show. */
  readonly shown: readonly DestinationEntry[];
}

/**
 * Services in the order of their identities, and their servers likewise.
 * @param named only this service
 * @throws UsageError where the table does not have it
 */
export async function readEntries(context: Context, named: string | undefined): Promise<Entry[]> {
  const only = named === undefined ? undefined : await findService(context, named);
  const client = await context.client();
  const services = only === undefined ? await client.services() : [only];
  const entries: Entry[] = [];
  for (const service of sortedBy(services, ({ id }) => serviceOrder(id))) {
    const destinations = sortedBy(await client.destinations(service.id), ({ id }) => destinationOrder(id));
    entries.push({ service, destinations, shown: destinations });
  }
  return entries;
}
