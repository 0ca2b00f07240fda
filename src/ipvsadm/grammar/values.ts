/**
 * How the values of options read. Each reader takes the text as it was given and throws a ValueError for what it cannot
 * be. Nothing is looked up here, except in the names that were resolved beforehand.
 */
import { ValueError } from '../../errors.js';
import { canonicalAddress, type Family, isIpv4, isIpv6 } from '../../model/address.js';
import { fwmarkRange } from '../../model/limits.js';
import { type PortNames, portNamed } from '../../model/port.js';
import { flagsOf, type SchedulerFlag, schedulerFlagWords } from '../../model/schedulers.js';
import type { Protocol } from '../../model/service.js';

/** What names stand for. Numbers need none of it. */
export interface Names extends PortNames {
  /** The address of a host, canonical. */
  host(name: string): string | undefined;
}

export const noNames: Names = { host: () => undefined, port: () => undefined };

/** `host[:port]`, cut in two. `host` is without brackets, `port` as it was written. */
interface HostPort {
  readonly host: string;
  readonly bracketed: boolean;
  readonly port?: string;
}

/** An address, and a port that is still text: which port a name stands for depends on the protocol. */
export interface Endpoint {
  readonly address: string;
  readonly port?: string;
}

/** A reader of decimal numbers from `least` to `most`, in the forms that strtol(3) takes: ` 5`, `+5`, `007`. */
export const number =
  (field: string, least: number, most: number) =>
  (text: string): number => {
    const value = decimal(text);
    if (value === undefined || value < least || value > most) {
      throw new ValueError(field, text, `a number from ${least} to ${most}`);
    }
    return value;
  };

function decimal(text: string): number | undefined {
  return plainDecimal(text) ?? (/^\s*[+-]?\d+$/.test(text) ? Number(text) : undefined);
}

/** Digits and nothing else, few enough to be exact: nearly all there ever are, and much faster than the pattern. */
function plainDecimal(text: string): number | undefined {
  if (text.length === 0 || text.length > 15) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** A word that is one of the keys; case matters. */
export const oneOf =
  <T extends string>(field: string, ...words: readonly T[]) =>
  (text: string): T => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw new ValueError(field, text, `one of ${words.join(', ')}`, words);
    return found;
  };

/** A name that the kernel keeps in a field of `size` bytes with an end mark. */
export const name =
  (field: string, size: number) =>
  (text: string): string => {
    if (Buffer.byteLength(text) >= size || text.includes('\0')) {
      throw new ValueError(field, text, `a name of at most ${size - 1} bytes`);
    }
    return text;
  };

/** Cuts `192.0.2.1:80`, `www.example:http`, `[2001:db8::1]:80`, `2001:db8::1`; undefined if it is none of them. */
export function splitHostPort(text: string): HostPort | undefined {
  // A zone makes no address that IPVS could use; but a host's name it is even less.
  const zone = text.indexOf('%');
  if (isIpv6(zone < 0 ? text : text.slice(0, zone))) return { host: text, bracketed: true };
  const match = /^\[([^\]]*)\](?::(.*))?$/s.exec(text) ?? /^([^:]*)(?::(.*))?$/s.exec(text);
  if (match === null) return undefined;
  const [, host = '', port] = match;
  return { host, bracketed: text.startsWith('['), ...(port !== undefined && { port }) };
}

/** True for a host that only a resolver can turn into an address. */
export const isHostName = (at: HostPort): boolean =>
  !at.bracketed && at.host !== '' && !looksNumeric(at.host);
export const isPortName = (port: string | undefined): boolean =>
  port !== undefined && decimal(port) === undefined;

const looksNumeric = (host: string): boolean => dottedAddress(host) !== undefined;

/** The forms that inet_aton(3) takes: `192.0.2.1`, and for old scripts also `10.1`, `0x7f.1`, `0300.0.2.1 `. */
export function dottedAddress(text: string): string | undefined {
  if (isIpv4(text)) return text;
  const parts = text.replace(/\s.*$/s, '').split('.');
  if (parts.length > 4) return undefined;
  const values = parts.map(cNumber);
  const last = values.pop();
  if (last === undefined || !values.every((value) => value !== undefined && value < 256)) return undefined;
  if (last >= 256 ** (4 - values.length)) return undefined;
  const head = values as number[];
  const tail = Array.from(
    { length: 4 - head.length },
    (_, at, count = 4 - head.length) => Math.floor(last / 256 ** (count - 1 - at)) % 256,
  );
  return [...head, ...tail].join('.');
}

/** A number as C writes it: decimal, `0x` hexadecimal, or octal after a leading 0. */
function cNumber(text: string): number | undefined {
  if (/^0x[0-9a-f]+$/i.test(text)) return Number(text);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9][0-9]*$/.test(text) ? Number(text) : undefined;
}

/** A reader of `host[:port]`; the port stays text. */
export const endpoint =
  (field: string) =>
  (text: string, names: Names): Endpoint => {
    const at = splitHostPort(text);
    const address = at && addressOf(at, names);
    if (address === undefined) throw new ValueError(field, text, expectedEndpoint(at));
    return { address, ...(at?.port !== undefined && { port: at.port }) };
  };

function addressOf(at: HostPort, names: Names): string | undefined {
  if (at.bracketed) return isIpv6(at.host) ? canonicalAddress(at.host) : undefined;
  return dottedAddress(at.host) ?? names.host(at.host);
}

function expectedEndpoint(at: HostPort | undefined): string {
  if (at !== undefined && isHostName(at)) return `an address[:port], and no host has the name '${at.host}'`;
  return 'an address[:port] such as 192.0.2.1:80, www.example.com:http or [2001:db8::1]:80';
}

/** The number of a port that was written as number or name. */
export function portNumber(text: string, protocol: Protocol, names: Names): number {
  const value = decimal(text) ?? portNamed(text, protocol, names);
  if (value === undefined || value < 0 || value > 65535) {
    throw new ValueError('port', text, `a port from 0 to 65535, or a ${protocol} service of /etc/services`);
  }
  return value;
}

/** A persistence mask: dotted for IPv4, a prefix length for IPv6. */
export function netmask(text: string, family: Family): string {
  if (family === 'inet6') return String(number('IPv6 netmask', 1, 128)(text));
  const mask = dottedAddress(text);
  if (mask === undefined) throw new ValueError('netmask', text, 'a dotted mask such as 255.255.255.0');
  return mask;
}

/** The multicast group of the sync daemons, without brackets. */
export function multicastGroup(text: string): string {
  const multicast = isIpv4(text) ? /^2(2[4-9]|3\d)\./ : /^ff/i;
  if ((!isIpv4(text) && !isIpv6(text)) || !multicast.test(text)) {
    throw new ValueError('group', text, 'a multicast address such as 224.0.0.81 or ff02::81');
  }
  return canonicalAddress(text);
}

/** A mark that netfilter gives packets. */
export const fwmark = number('firewall mark', fwmarkRange.min, fwmarkRange.max);

/** Comma-separated scheduler flags, in the order of their bits. */
export function schedulerFlags(text: string, scheduler: string): SchedulerFlag[] {
  const chosen = new Set(
    text
      .split(',')
      .filter((word) => word !== '')
      .map((word) => {
        const choices = flagsOf(scheduler);
        const known = choices.find((choice) => choice === word);
        if (known === undefined) {
          throw new ValueError('scheduler flag', word, `one of ${choices.join(', ')}`, choices);
        }
        return schedulerFlagWords[known].flag;
      }),
  );
  return [...chosen].sort();
}
