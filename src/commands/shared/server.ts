/** A server in the table, as the subcommands about one server name, find and change it. */
import type { Context } from '../../context.js';
import { Errno, KernelError, UsageError } from '../../errors.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { destinationKey } from '../../model/destination.js';
import type { ServiceId } from '../../model/service.js';
import { formatService } from '../../model/service-uri.js';
import type { DestinationEntry } from '../../model/table.js';
import type { Options, Positionals } from '../command.js';
import { serverArgument, serviceArgument } from './service-arg.js';

/** The server that a command line names, and its service. */
export const serverPositionals = {
  service: { type: 'service', describe: 'virtual service: tcp://192.0.2.10:80, fwmark://7' },
  server: { type: 'server', describe: 'real server: 198.51.100.7:80' },
} as const satisfies Positionals;

export const jsonOption = {
  json: { type: 'flag', describe: 'write the result as JSON' },
} as const satisfies Options;

/** A server in the kernel's table. */
export interface Found {
  readonly of: ServiceId;
  readonly destination: DestinationEntry;
}

/** @throws UsageError if the table has no such server, KernelError */
export async function findServer(
  context: Context,
  named: { readonly service: string; readonly server: string },
): Promise<Found> {
  const of = await serviceArgument(named.service, context);
  const key = destinationKey(await serverArgument(named.server, of, context));
  const client = await context.client();
  const destinations = await client.destinations(of);
  const destination = destinations.find(({ id }) => destinationKey(id) === key);
  if (destination !== undefined) return { of, destination };
  if (destinations.length === 0) await mustExist(client, of);
  const known = destinations.map(({ id }) => destinationKey(id)).join(', ') || 'none';
  throw new UsageError(`${formatService(of)} has no such server; it has ${known}`, key);
}

/** @throws UsageError for a service that is not in the table; one without servers passes */
async function mustExist(client: IpvsClient, of: ServiceId): Promise<void> {
  try {
    await client.service(of);
  } catch (error) {
    if (!(error instanceof KernelError) || error.errno !== Errno.ESRCH) throw error;
    throw new UsageError('no such service', formatService(of));
  }
}

export const setWeight = (client: IpvsClient, { of, destination }: Found, weight: number): Promise<void> =>
  client.apply({ do: 'editDestination', of, destination: { ...destination, weight } });

/** How JSON and messages name a server. */
export const nameOf = ({ of, destination }: Found) => ({
  service: formatService(of),
  server: destinationKey(destination.id),
});
