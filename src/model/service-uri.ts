/**
 * How documents and subcommands write services and servers: `tcp://192.0.2.10:80`, `udp://[2001:db8::1]:domain`,
 * `fwmark://7`, `fwmark://7/inet6`; `198.51.100.7:80`, `[2001:db8::7]:80`, `web1.example.com`. Names are looked
 * up by the caller.
 */
import { ValueError } from '../errors.js';
import { canonicalAddress, type Family, formatEndpoint, isIpv4, isIpv6 } from './address.js';
import { fwmarkRange, portRange } from './limits.js';
import { isFwmark, type Protocol, type ServiceId } from './service.js';

/** A port as it was written: its number, or its name. */
export type Port = number | string;

/** A host as it was written, an address (canonical) or a name, and the port if there was one. */
export interface HostPort {
  readonly host: string;
  /** Of an address; undefined for a name. */
  readonly family: Family | undefined;
  readonly port: Port | undefined;
}

interface FwmarkNotation {
  readonly fwmark: number;
  readonly family: Family | undefined;
}

export type ServiceNotation =
  | (HostPort & { readonly protocol: Protocol; readonly port: Port })
  | FwmarkNotation;

const SERVICE =
  'a service such as tcp://192.0.2.10:80, udp://[2001:db8::1]:53, sctp://192.0.2.10:5060 or fwmark://7';
const SERVER = 'a server such as 198.51.100.7:80, [2001:db8::7]:80 or web1.example.com:80';
const BRACKETS = 'a service: an IPv6 address with a port stands in brackets, [2001:db8::1]:80';
const PORT = `a port from 0 to ${portRange.max}, or the name of one`;
const FWMARK = `a firewall mark from ${fwmarkRange.min} to ${fwmarkRange.max}, such as fwmark://7`;

/** @throws ValueError */
export function parseService(text: string): ServiceNotation {
  const [, scheme = '', rest = ''] = /^([a-z0-9]+):\/\/(.*)$/i.exec(text) ?? [];
  const kind = scheme.toLowerCase();
  if (kind === 'fwmark') return parseFwmark(rest, text);
  if (kind !== 'tcp' && kind !== 'udp' && kind !== 'sctp') throw new ValueError('service', text, SERVICE);
  const parsed = parseHostPort(rest);
  if (parsed === undefined) throw new ValueError('service', text, SERVICE);
  const { host, family, port } = parsed;
  if (port === undefined) {
    throw new ValueError('service', text, family === 'inet6' ? BRACKETS : `${SERVICE}; the port is missing`);
  }
  return { protocol: kind, host, family, port };
}

/** @throws ValueError */
export function parseServer(text: string): HostPort {
  const parsed = parseHostPort(text);
  if (parsed === undefined) throw new ValueError('server', text, SERVER);
  return parsed;
}

/** The notation that `parseService` reads back to the same identity. */
export function formatService(id: ServiceId): string {
  if (isFwmark(id)) return `fwmark://${id.fwmark}${id.family === 'inet6' ? '/inet6' : ''}`;
  return `${id.protocol}://${formatEndpoint(id.address, id.port)}`;
}

function parseFwmark(rest: string, text: string): FwmarkNotation {
  const [, digits = '', family] = /^(\d{1,10})(?:\/(inet6?))?$/.exec(rest) ?? [];
  const fwmark = Number(digits);
  if (fwmark < fwmarkRange.min || fwmark > fwmarkRange.max) throw new ValueError('service', text, FWMARK);
  return { fwmark, family: family as Family | undefined };
}

/** Undefined if the text is neither an address nor a name, with or without a port. */
function parseHostPort(text: string): HostPort | undefined {
  // An IPv6 address with a port needs its brackets; without them it is all address.
  const [, bracketed, plain, digits] =
    /^(?:\[([^\]]*)\]|([^[\]:]+))(?::([^:]*))?$/.exec(text) ?? (isIpv6(text) ? ['', text] : []);
  const host = bracketed ?? plain;
  if (host === undefined) return undefined;
  if (isIpv6(host)) return { host: canonicalAddress(host), family: 'inet6', port: parsePort(digits, text) };
  if (bracketed !== undefined) return undefined;
  if (isIpv4(host)) return { host, family: 'inet', port: parsePort(digits, text) };
  if (!isHostName(host)) return undefined;
  return { host: host.toLowerCase(), family: undefined, port: parsePort(digits, text) };
}

function parsePort(word: string | undefined, text: string): Port | undefined {
  if (word === undefined) return undefined;
  const port = /^\d{1,5}$/.test(word) ? Number(word) : Number.NaN;
  if (port <= portRange.max) return port;
  if (portName.test(word)) return word;
  throw new ValueError('port', word === '' ? text : word, PORT);
}

/** As /etc/services has them; some begin with a digit, and all have a letter. */
const portName = /^(?=.*[a-z])[a-z0-9][\w+./-]*$/i;

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const hostName = new RegExp(`^${label}(?:\\.${label})*\\.?$`, 'i');

/** RFC 1123, and underscores. A text of digits and dots is a mistyped address, not a name. */
const isHostName = (text: string): boolean =>
  text.length <= 253 && hostName.test(text) && !/^[\d.]+$/.test(text);
