/** Names of hosts and ports in command lines and listings. A numeric command line looks nothing up. */
import type { Context } from '../context.js';
import { type Resolver, SystemNames } from '../system/network/names.js';
import type { Command } from './grammar/command.js';
import { noNames, type ResolvedNames, type UnresolvedNames } from './grammar/endpoint.js';
import { type Labels, nameLabels } from './grammar/endpoint-format.js';
import { namesIn, parse, tokensOf } from './grammar/parse.js';

/** Milliseconds that a listing waits for names; addresses without a name by then are shown as numbers. */
const PATIENCE = 2000;

export class NameLookup {
  private readonly names: SystemNames;

  constructor(context: Pick<Context, 'readFile'>, resolver: () => Promise<Resolver>) {
    this.names = new SystemNames(context, resolver);
  }

  /** Looks up the names in a command line. */
  async resolve(unresolved: UnresolvedNames | undefined): Promise<ResolvedNames> {
    if (unresolved === undefined) return noNames;
    const found = unresolved.hosts.map(
      async (host) => [host, (await this.names.addresses(host))[0]] as const,
    );
    const hosts = new Map(await Promise.all(found));
    const ports = unresolved.ports ? await this.names.ports() : undefined;
    return { host: (name) => hosts.get(name), port: (name, protocol) => ports?.port(name, protocol) };
  }

  /** Labels with the names of these addresses, as far as they have one. */
  async labels(addresses: Iterable<string>): Promise<Labels> {
    const [names, ports] = await Promise.all([this.names.names(addresses, PATIENCE), this.names.ports()]);
    return nameLabels(names, ports.name);
  }
}

/** The name lookups of one run, shared by all its commands: each line of -R is a command. */
export interface Session {
  readonly context: Context;
  readonly names: NameLookup;
}

/** The command that these words ask for, its names looked up. @throws UsageError as `parse` does */
export async function parseCommand(words: readonly string[], { names }: Session): Promise<Command> {
  const tokens = tokensOf(words);
  return parse(tokens, await names.resolve(namesIn(tokens)));
}
