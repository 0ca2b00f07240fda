/** Names of hosts and ports, in both directions: the machine's resolver, and /etc/services. */
import { canonicalAddress, isIpv4, isIpv6 } from '../model/address.js';
import type { PortNames } from '../model/port.js';
import type { Protocol } from '../model/service.js';

/** Turns names of hosts into addresses and back; `undefined` where it does not know. Never rejects. */
export interface Resolver {
  address(name: string): Promise<string | undefined>;
  name(address: string): Promise<string | undefined>;
  /** Gives up what still runs, so that it does not keep the process alive. */
  cancel(): void;
}

/**
 * The resolver of this machine. Names go through the system's own look-up (nsswitch.conf); addresses through DNS, in a
 * way that can be cancelled. What /etc/hosts says of addresses is for {@link parseHosts}.
 */
export async function systemResolver(): Promise<Resolver> {
  const dns = await import('node:dns/promises');
  const reverse = new dns.Resolver({ timeout: 1000, tries: 2 });
  return {
    async address(name) {
      const found = await dns.lookup(name, { all: true }).catch(() => []);
      // IPv4 first, as scripts have known it since before there was IPv6.
      const [best] = found.sort((a, b) => a.family - b.family);
      return best && canonicalAddress(best.address);
    },
    async name(address) {
      const [first] = await reverse.reverse(address).catch(() => []);
      return nameOf(first);
    },
    cancel: () => reverse.cancel(),
  };
}

/** The names of addresses in a file like /etc/hosts: of each the first that hosts(5) gives it. */
export function parseHosts(text: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [address = '', first] = line.replace(/#.*/, '').trim().split(/\s+/);
    const name = nameOf(first);
    if (name === undefined || !(isIpv4(address) || isIpv6(address))) continue;
    const key = canonicalAddress(address);
    if (!names.has(key)) names.set(key, name);
  }
  return names;
}

/**
 * Whoever owns an address decides its name. One that holds more than names are made of could steer a terminal or break a
 * line, and could not be typed back: it counts as none.
 */
const nameOf = (text: string | undefined): string | undefined =>
  text !== undefined && /^[\w.+-]+$/.test(text) ? text : undefined;

/**
 * The names of many addresses, asked for at once. Those that have not answered after `limit` milliseconds have no name.
 */
export async function nameAddresses(
  addresses: Iterable<string>,
  resolver: Resolver,
  limit: number,
): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  const timeIsUp = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limit);
  });
  const asked = [...new Set(addresses)].map(async (address) => {
    const name = await resolver.name(address);
    if (name !== undefined) names.set(address, name);
  });
  await Promise.race([Promise.all(asked), timeIsUp]);
  clearTimeout(timer);
  resolver.cancel();
  return new Map(names);
}

/** The names of ports that a file like /etc/services knows. */
export interface ServiceNames extends PortNames {
  name(port: number, protocol: Protocol): string | undefined;
}

/** Reads the format of services(5): `http 80/tcp www # World Wide Web`. Lines that are not of it say nothing. */
export function parseServices(text: string): ServiceNames {
  const ports = new Map<string, number>();
  const names = new Map<string, string>();
  const keep = <V>(map: Map<string, V>, key: string, value: V) => map.has(key) || map.set(key, value);
  for (const line of text.split('\n')) {
    const [first, assignment = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    const [, number, protocol] = /^(\d{1,5})\/(\w+)$/.exec(assignment) ?? [];
    const name = nameOf(first);
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
