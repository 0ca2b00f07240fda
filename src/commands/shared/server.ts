/** A server in the table, as the subcommands about one server name, find and change it. */
import type { Context } from '../../context.js';
import { Errno, KernelError, UsageError } from '../../errors.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { destinationKey } from '../../model/destination.js';
import { destinationOrder, serviceOrder, sortedBy } from '../../model/order.js';
import type { ServiceId } from '../../model/service.js';
import { formatService } from '../../model/service-uri.js';
import type { ServiceEntry } from '../../model/table.js';
import { type Json, toJson } from '../../output/json.js';
import { weightChange } from '../../plan/drain.js';
import { type Member, type PresentMember, presentMembers } from '../../plan/wait-until-empty.js';
import type { Options, Positionals } from '../command.js';
import { serverArgument, serversNamed, serviceArgument } from './service-arg.js';

/** The server that a command line names, and its service. */
export const serverPositionals = {
  service: { type: 'service', describe: 'virtual service: tcp://192.0.2.10:80, fwmark://7' },
  server: { type: 'server', describe: 'real server: 198.51.100.7:80' },
} as const satisfies Positionals;

/** A server by its service, or by itself: then in all services. */
export const serversPositionals = {
  service: {
    type: 'service',
    optional: true,
    describe: 'virtual service: tcp://192.0.2.10:80; or the address of a real server, for all its services',
  },
  server: { ...serverPositionals.server, optional: true },
} as const satisfies Positionals;

export const allServicesOption = {
  'all-services': {
    type: 'server',
    describe: 'this real server in all services: 198.51.100.7, or 198.51.100.7:80 for this port alone',
    defaultText: 'in SERVICE alone',
  },
} as const satisfies Options;

export const jsonOption = {
  json: { type: 'flag', describe: 'write the result as JSON' },
} as const satisfies Options;

/** A server in the kernel's table. */
export type Found = PresentMember;

/** @throws UsageError if the table has no such server, KernelError */
export async function findServer(
  context: Context,
  named: { readonly service: string; readonly server: string },
): Promise<Found> {
  const search = await searchIn(named.service, named.server, context);
  const [found] = await search(await context.client());
  return found as Found;
}

/** Names in a message. */
const SOME = 10;

/** The first of the names, and how many more there are; `none`. */
export function someNames(names: readonly string[]): string {
  const more = names.length - SOME;
  return `${names.slice(0, SOME).join(', ') || 'none'}${more > 0 ? ` and ${more} more` : ''}`;
}

/** @throws UsageError if the table has no such service, KernelError */
export async function findService(context: Context, text: string): Promise<ServiceEntry> {
  const id = await serviceArgument(text, context);
  return serviceIn(await context.client(), id);
}

/** @throws UsageError if the table has no such service, KernelError */
async function serviceIn(client: IpvsClient, of: ServiceId): Promise<ServiceEntry> {
  try {
    return await client.service(of);
  } catch (error) {
    if (!(error instanceof KernelError) || error.errno !== Errno.ESRCH) throw error;
    throw new UsageError('no such service', formatService(of));
  }
}

/** How a command line names servers. */
export interface ServersNamed {
  readonly service?: string | undefined;
  readonly server?: string | undefined;
  readonly allServices?: string | undefined;
}

/** Finds at least one server in the table. @throws UsageError where the table has none of them, KernelError */
type Search = (client: IpvsClient) => Promise<Found[]>;

/** The search for the servers that a command line names, with its arguments read. @throws UsageError, ValueError */
export async function serverSearch(context: Context, named: ServersNamed): Promise<Search> {
  const { service, server, allServices } = named;
  if (allServices !== undefined) {
    if (service !== undefined) throw new UsageError('cannot be combined with a service', '--all-services');
    return searchEverywhere(allServices);
  }
  if (service !== undefined && server !== undefined) return searchIn(service, server, context);
  if (service === undefined || service.includes('://')) {
    throw new UsageError('missing; it takes SERVICE SERVER, or SERVER alone', 'SERVER');
  }
  return searchEverywhere(service);
}

async function searchIn(service: string, server: string, context: Context): Promise<Search> {
  const of = await serviceArgument(service, context);
  const key = destinationKey(await serverArgument(server, of, context));
  return async (client) => {
    const destinations = await client.destinations(of);
    const destination = destinations.find(({ id }) => destinationKey(id) === key);
    if (destination !== undefined) return [{ of, destination }];
    if (destinations.length === 0) await serviceIn(client, of);
    const known = sortedBy(destinations, ({ id }) => destinationOrder(id)).map(({ id }) =>
      destinationKey(id),
    );
    throw new UsageError(`${formatService(of)} has no such server; it has ${someNames(known)}`, key);
  };
}

function searchEverywhere(text: string): Search {
  const isNamed = serversNamed(text);
  return async (client) => {
    const found: Found[] = [];
    for (const { id: of } of sortedBy(await client.services(), ({ id }) => serviceOrder(id))) {
      for (const destination of sortedBy(await client.destinations(of), ({ id }) => destinationOrder(id))) {
        if (isNamed(destination.id)) found.push({ of, destination });
      }
    }
    if (found.length === 0) throw new UsageError('no service has such a server', text);
    return found;
  };
}

/** The same server as it is now; undefined if it is gone. */
export async function present(client: IpvsClient, server: Found): Promise<Found | undefined> {
  const [now] = await presentMembers([server], client);
  return now;
}

/** @throws UsageError if the server was removed meanwhile, KernelError */
export async function setWeight(client: IpvsClient, server: Found, weight: number): Promise<void> {
  try {
    await client.apply(weightChange(server, weight));
  } catch (error) {
    throw isGone(error)
      ? new UsageError('no such server; another program removed it', describeServer(server))
      : error;
  }
}

/** Whether the kernel refused a change of a server because it has no such server, or no such service. */
export const isGone = (error: unknown): boolean =>
  error instanceof KernelError && [Errno.ENOENT, Errno.ESRCH].some((errno) => errno === error.errno);

/** How JSON and messages name a server. */
export const nameOf = ({ of, destination }: Member) => ({
  service: formatService(of),
  server: destinationKey(destination.id),
});

/** `198.51.100.7:80 of tcp://192.0.2.10:80` */
export const describeServer = (member: Member): string => {
  const { service, server } = nameOf(member);
  return `${server} of ${service}`;
};

/** The results of a command about servers: one object for one server of one service, a list for a host. */
export const serversJson = ({ service, server }: ServersNamed, results: readonly Json[]): string =>
  toJson(service !== undefined && server !== undefined ? results[0] : { servers: results });
