/** Names of hosts and ports for command lines and listings: each is looked up once, and none where all is numeric. */
import type { Context } from '../context.js';
import {
  nameAddresses,
  parseHosts,
  parseServices,
  type Resolver,
  type ServiceNames,
} from '../system/names.js';
import type { Wanted } from './grammar/parse.js';
import { type Names, noNames } from './grammar/values.js';
import { type Labels, nameLabels } from './listing/endpoint-format.js';

/** How long a listing waits for names, in milliseconds; what has none by then is shown as a number. */
const PATIENCE = 2000;

export class Directory {
  private readonly hosts = new Map<string, string | undefined>();
  private services: Promise<ServiceNames> | undefined;

  constructor(
    private readonly context: Pick<Context, 'readFile'>,
    private readonly resolver: () => Promise<Resolver>,
  ) {}

  /** What the names in a command line stand for. */
  async lookUp(wanted: Wanted | undefined): Promise<Names> {
    if (wanted === undefined) return noNames;
    const unknown = wanted.hosts.filter((host) => !this.hosts.has(host));
    if (unknown.length > 0) {
      const resolver = await this.resolver();
      await Promise.all(unknown.map(async (host) => this.hosts.set(host, await resolver.address(host))));
    }
    const services = wanted.ports ? await this.serviceNames() : undefined;
    return {
      host: (name) => this.hosts.get(name),
      port: (name, protocol) => services?.port(name, protocol),
    };
  }

  /** Labels with the names of these addresses, as far as they can be found: in /etc/hosts, then from the resolver. */
  async labels(addresses: Iterable<string>): Promise<Labels> {
    const services = await this.serviceNames();
    const file = parseHosts(await this.read('/etc/hosts'));
    const names = new Map<string, string>();
    const unknown = new Set<string>();
    for (const address of addresses) {
      const name = file.get(address);
      if (name === undefined) unknown.add(address);
      else names.set(address, name);
    }
    if (unknown.size > 0) {
      for (const [address, name] of await nameAddresses(unknown, await this.resolver(), PATIENCE)) {
        names.set(address, name);
      }
    }
    return nameLabels(names, services.name);
  }

  private serviceNames(): Promise<ServiceNames> {
    this.services ??= this.read('/etc/services').then(parseServices);
    return this.services;
  }

  /** A file that may be missing: then nothing has a name in it. */
  private async read(path: string): Promise<string> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const chunk of this.context.readFile(path)) text += decoder.decode(chunk, { stream: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return text;
  }
}
