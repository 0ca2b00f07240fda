/** Names of hosts and ports for command lines and listings; a numeric command line looks nothing up. */
import type { Context } from '../context.js';
import { type Resolver, SystemNames } from '../system/names.js';
import type { Wanted } from './grammar/parse.js';
import { type Names, noNames } from './grammar/values.js';
import { type Labels, nameLabels } from './listing/endpoint-format.js';

/** How long a listing waits for names, in milliseconds; addresses without a name by then are shown as numbers. */
const PATIENCE = 2000;

export class Directory {
  private readonly names: SystemNames;

  constructor(context: Pick<Context, 'readFile'>, resolver: () => Promise<Resolver>) {
    this.names = new SystemNames(context, resolver);
  }

  /** Looks the names of a command line up. */
  async lookUp(wanted: Wanted | undefined): Promise<Names> {
    if (wanted === undefined) return noNames;
    const found = wanted.hosts.map(async (host) => [host, (await this.names.addresses(host))[0]] as const);
    const hosts = new Map(await Promise.all(found));
    const ports = wanted.ports ? await this.names.ports() : undefined;
    return { host: (name) => hosts.get(name), port: (name, protocol) => ports?.port(name, protocol) };
  }

  /** Labels with the names of these addresses, as far as they have one. */
  async labels(addresses: Iterable<string>): Promise<Labels> {
    const [names, ports] = await Promise.all([this.names.names(addresses, PATIENCE), this.names.ports()]);
    return nameLabels(names, ports.name);
  }
}
