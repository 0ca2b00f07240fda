/** What the subcommands about one server share: finding it, and remembering the weight it had. */
import type { Argv, Options } from 'yargs';
import type { Context } from '../../context.js';
import { Errno, KernelError, UsageError } from '../../errors.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { destinationKey } from '../../model/destination.js';
import type { ServiceId } from '../../model/service.js';
import { formatService } from '../../model/service-uri.js';
import type { DestinationEntry } from '../../model/table.js';
import { type StateFile, stateFile } from '../../system/state-dir.js';
import { serverArgument, serviceArgument } from './service-arg.js';

export const positionals = '<service> <server>';

export const describeServer = (yargs: Argv): Argv =>
  yargs
    .positional('service', { type: 'string', describe: 'virtual service: tcp://192.0.2.10:80, fwmark://7' })
    .positional('server', { type: 'string', describe: 'real server: 198.51.100.7:80' });

export const jsonOption = {
  json: { type: 'boolean', default: false, describe: 'write the result as JSON' },
} as const satisfies Record<string, Options>;

/** A server in the kernel's table. */
export interface Found {
  readonly of: ServiceId;
  readonly destination: DestinationEntry;
}

/** @throws UsageError where the table has no such server, KernelError */
export async function findServer(
  client: IpvsClient,
  context: Context,
  values: Readonly<Record<string, unknown>>,
): Promise<Found> {
  const of = await serviceArgument(String(values['service']), context);
  const key = destinationKey(await serverArgument(String(values['server']), of, context));
  const destinations = await client.destinations(of);
  const destination = destinations.find(({ id }) => destinationKey(id) === key);
  if (destination !== undefined) return { of, destination };
  if (destinations.length === 0) await mustExist(client, of);
  const known = destinations.map(({ id }) => destinationKey(id)).join(', ') || 'none';
  throw new UsageError(`${formatService(of)} has no such server; it has ${known}`, key);
}

/** Tells a service without servers from none at all. */
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

/** The weights that drained servers had: nobody else knows them, and they are of no use after the kernel has gone. */
export class Weights {
  private constructor(
    private readonly file: StateFile,
    private readonly weights: Map<string, number>,
  ) {}

  static async open(context: Context): Promise<Weights> {
    const file = stateFile('weights.json', context);
    const text = file.read() ?? '{}';
    return new Weights(file, new Map(Object.entries(JSON.parse(text) as Record<string, number>)));
  }

  of(server: Found): number | undefined {
    return this.weights.get(keyOf(server));
  }

  async remember(server: Found, weight: number): Promise<void> {
    this.weights.set(keyOf(server), weight);
    await this.save();
  }

  async forget(server: Found): Promise<void> {
    if (this.weights.delete(keyOf(server))) await this.save();
  }

  private save(): Promise<void> {
    return this.file.write(`${JSON.stringify(Object.fromEntries(this.weights), null, 2)}\n`);
  }
}

const keyOf = (found: Found): string => {
  const { service, server } = nameOf(found);
  return `${service} ${server}`;
};
