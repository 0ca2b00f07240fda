/** Names of hosts and ports as this machine knows them: its resolver, /etc/hosts and /etc/services. */
import { canonicalAddress, isIpv4, isIpv6 } from '../../model/address.js';
import type { PortNames } from '../../model/port.js';
import type { Protocol } from '../../model/service.js';

/** Looks names and addresses up. Never rejects. */
export interface Resolver {
  /** Every address of a host, canonical, IPv4 first; empty if it has none. */
  addresses(name: string): Promise<readonly string[]>;
  /** The name of an address; undefined if it has none. */
  name(address: string): Promise<string | undefined>;
  /** Ends the queries that still run, so that they do not keep the process alive. */
  cancel(): void;
}

/**
 * The resolver of this machine. Names go through nsswitch.conf(5); addresses through DNS alone, because only those queries
 * can be cancelled.
 */
export async function systemResolver(): Promise<Resolver> {
  const dns = await import('node:dns/promises');
  const reverse = new dns.Resolver({ timeout: 1000, tries: 2 });
  return {
    async addresses(name) {
      // Bun's lookup takes it for this machine; getaddrinfo(3) knows no host of that name.
      if (name === '*') return [];
      const found = await dns.lookup(name, { all: true }).catch(() => []);
      // Scripts from before IPv6 expect the IPv4 address of a name that has both.
      return found.sort((a, b) => a.family - b.family).map(({ address }) => canonicalAddress(address));
    },
    async name(address) {
      const [first] = await reverse.reverse(address).catch(() => []);
      return validName(first);
    },
    cancel: () => reverse.cancel(),
  };
}

/** The names of one run of the program. Each file is read once, each host is looked up once. */
export class SystemNames {
  private readonly hosts = new Map<string, Promise<readonly string[]>>();
  private resolver: Promise<Resolver> | undefined;
  private services: Promise<ServiceNames> | undefined;

  constructor(
    private readonly files: { readFile(path: string): AsyncIterable<Uint8Array> },
    private readonly openResolver: () => Promise<Resolver> = systemResolver,
  ) {}

  /** Every address of a host, canonical, IPv4 first; empty if it has none. */
  addresses(host: string): Promise<readonly string[]> {
    const known = this.hosts.get(host);
    if (known !== undefined) return known;
    const addresses = this.open().then((resolver) => resolver.addresses(host));
    this.hosts.set(host, addresses);
    return addresses;
  }

  /** The ports of /etc/services. */
  ports(): Promise<ServiceNames> {
    this.services ??= this.text('/etc/services').then(parseServices);
    return this.services;
  }

  /**
   * The names of addresses, from /etc/hosts or else from the resolver. Addresses that the resolver has not answered after
   * `limit` milliseconds have no name.
   */
  async names(addresses: Iterable<string>, limit: number): Promise<Map<string, string>> {
    const file = parseHosts(await this.text('/etc/hosts'));
    const names = new Map<string, string>();
    const unknown = new Set<string>();
    for (const address of addresses) {
      const name = file.get(address);
      if (name === undefined) unknown.add(address);
      else names.set(address, name);
    }
    if (unknown.size === 0) return names;
    return new Map([...names, ...(await resolveNames(unknown, await this.open(), limit))]);
  }

  private open(): Promise<Resolver> {
    this.resolver ??= this.openResolver();
    return this.resolver;
  }

  /** Empty for a file that does not exist. */
  private async text(path: string): Promise<string> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const chunk of this.files.readFile(path)) text += decoder.decode(chunk, { stream: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return text;
  }
}

/** The names of addresses in a file like /etc/hosts: of each the first that hosts(5) gives it. */
export function parseHosts(text: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [address = '', first] = line.replace(/#.*/, '').trim().split(/\s+/);
    const name = validName(first);
    if (name === undefined || !(isIpv4(address) || isIpv6(address))) continue;
    const key = canonicalAddress(address);
    if (!names.has(key)) names.set(key, name);
  }
  return names;
}

/**
 * The owner of an address chooses its name. A name with other characters than those of host names could control the
 * terminal or break a line: it counts as no name.
 */
const validName = (text: string | undefined): string | undefined =>
  text !== undefined && /^[\w.+-]+$/.test(text) ? text : undefined;

/** Asks for all names at once, and waits no longer than `limit` milliseconds. */
export async function resolveNames(
  addresses: ReadonlySet<string>,
  resolver: Resolver,
  limit: number,
): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  const timeIsUp = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limit);
  });
  const asked = [...addresses].map(async (address) => {
    const name = await resolver.name(address);
    if (name !== undefined) names.set(address, name);
  });
  await Promise.race([Promise.all(asked), timeIsUp]);
  clearTimeout(timer);
  resolver.cancel();
  return new Map(names);
}

/** Port names in both directions. */
export interface ServiceNames extends PortNames {
  name(port: number, protocol: Protocol): string | undefined;
}

/** Reads the format of services(5): `http 80/tcp www # World Wide Web`. Other lines are ignored. */
export function parseServices(text: string): ServiceNames {
  const ports = new Map<string, number>();
  const names = new Map<string, string>();
  const keep = <V>(map: Map<string, V>, key: string, value: V) => map.has(key) || map.set(key, value);
  for (const line of text.split('\n')) {
    const [first, assignment = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    const [, number, protocol] = /^(\d{1,5})\/(\w+)$/.exec(assignment) ?? [];
    const name = validName(first);
    if (name === undefined || protocol === undefined) continue;
    const port = Number(number);
    if (port > 65535) continue;
    keep(names, `${port}/${protocol}`, name);
    for (const word of [name, ...aliases]) keep(ports, `${word}/${protocol}`, port);
  }
  return {
    port: (name, protocol) => ports.get(`${name}/${protocol}`),
    name: (port, protocol) => names.get(`${port}/${protocol}`),
  };
}
