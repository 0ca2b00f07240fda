/** HOST[:PORT], as services and servers are given. Names in it are looked up by the caller: {@link UnresolvedNames}. */

import { ValueError } from '../../errors.js';
import { quoted } from '../../foreign-text.js';
import { canonicalAddress, isIpv6 } from '../../model/address.js';
import { portRange, type Range } from '../../model/limits.js';
import { type PortNames, portNamed } from '../../model/port.js';
import type { Protocol } from '../../model/service.js';
import { decimal, dottedAddress } from './values.js';

/** An address, and a port that is still text: which port a name stands for depends on the protocol. */
export interface EndpointArg {
  readonly address: string;
  readonly port?: string;
}

/** Names that have to be looked up before an endpoint can be read. */
export interface UnresolvedNames {
  readonly hosts: readonly string[];
  /** Some port is a name. */
  readonly ports: boolean;
}

/** What the names stand for. */
export interface ResolvedNames extends PortNames {
  /** The address of a host, canonical. */
  host(name: string): string | undefined;
}

export const noNames: ResolvedNames = { host: () => undefined, port: () => undefined };

/** `host[:port]`, cut in two. `host` is without brackets, `port` as it was written. */
interface SplitEndpoint {
  readonly host: string;
  readonly bracketed: boolean;
  readonly port?: string;
}

/** Cuts `192.0.2.1:80`, `www.example:http`, `[2001:db8::1]:80`, `2001:db8::1`; undefined for any other form. */
export function splitHostPort(text: string): SplitEndpoint | undefined {
  // IPVS has no use for a zone (`%eth0`), but neither is this the name of a host.
  const zone = text.indexOf('%');
  if (isIpv6(zone < 0 ? text : text.slice(0, zone))) return { host: text, bracketed: true };
  const match = /^\[([^\]]*)\](?::(.*))?$/s.exec(text) ?? /^([^:]*)(?::(.*))?$/s.exec(text);
  if (match === null) return undefined;
  const [, host = '', port] = match;
  return { host, bracketed: text.startsWith('['), ...(port !== undefined && { port }) };
}

/** The names in these endpoints; undefined if there are none. */
export function namesInEndpoints(texts: readonly string[]): UnresolvedNames | undefined {
  const endpoints = texts.map(splitHostPort).filter((at) => at !== undefined);
  const hosts = endpoints.filter(isHostName).map(({ host }) => host);
  const ports = endpoints.some(({ port }) => port !== undefined && decimal(port) === undefined);
  return hosts.length > 0 || ports ? { hosts, ports } : undefined;
}

const isHostName = ({ bracketed, host }: SplitEndpoint): boolean =>
  !bracketed && host !== '' && dottedAddress(host) === undefined;

/** A reader of HOST[:PORT]. */
export const endpoint =
  (field: string) =>
  (text: string, names: ResolvedNames): EndpointArg => {
    const at = splitHostPort(text);
    const address = at && addressOf(at, names);
    if (address === undefined) throw new ValueError(field, text, expectedEndpoint(at));
    return { address, ...(at?.port !== undefined && { port: at.port }) };
  };

function addressOf(at: SplitEndpoint, names: ResolvedNames): string | undefined {
  if (at.bracketed) return isIpv6(at.host) ? canonicalAddress(at.host) : undefined;
  // Digits alone could be meant for a port: like ipvsadm, takes them for an address only before a port.
  if (at.port === undefined && /^\d+$/.test(at.host)) return undefined;
  return dottedAddress(at.host) ?? names.host(at.host);
}

function expectedEndpoint(at: SplitEndpoint | undefined): string {
  if (at !== undefined && isHostName(at))
    return `an address[:port], and no host has the name ${quoted(at.host)}`;
  return 'an address[:port] such as 192.0.2.1:80, www.example.com:http or [2001:db8::1]:80';
}

/** Ports of endpoints: 0 is every port of a service, and the service's own port of a server. */
export const endpointPortRange: Range = { min: 0, max: portRange.max };

/** The number of an endpoint's port, which was written as number or name. */
export function portNumber(text: string, protocol: Protocol, names: ResolvedNames): number {
  const { min, max } = endpointPortRange;
  const value = decimal(text) ?? portNamed(text, protocol, names);
  if (value === undefined || value < min || value > max) {
    const expected = `a port from ${min} to ${max}, or a ${protocol} service of /etc/services`;
    throw new ValueError('port', text, expected);
  }
  return value;
}
