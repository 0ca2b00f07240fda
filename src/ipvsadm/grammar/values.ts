/** Readers of option values. Each throws a ValueError for an invalid text. */
import { ValueError } from '../../errors.js';
import { addressLength, canonicalAddress, type Family, isIpv4, isIpv6 } from '../../model/address.js';
import type { Range } from '../../model/limits.js';
import { flagsOf, type SchedulerFlag, schedulerFlagWords } from '../../model/schedulers.js';

/** A reader of whole numbers, in the forms that strtol(3) takes: ` 5`, `+5`, `007`. */
export const number =
  (field: string, { min, max }: Range) =>
  (text: string): number => {
    const value = decimal(text);
    if (value === undefined || value < min || value > max) {
      throw new ValueError(field, text, `a number from ${min} to ${max}`);
    }
    return value;
  };

export function decimal(text: string): number | undefined {
  return digits(text) ?? (/^\s*[+-]?\d+$/.test(text) ? Number(text) : undefined);
}

/** The number that 1 to 15 digits make. Almost every number is of this form, and the pattern of `decimal` is much slower. */
function digits(text: string): number | undefined {
  if (text.length === 0 || text.length > 15) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** A reader of one of these words; case matters. */
export const oneOf =
  <T extends string>(field: string, words: readonly T[]) =>
  (text: string): T => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw new ValueError(field, text, `one of ${words.join(', ')}`, words);
    return found;
  };

/** Bytes of a name in the kernel, without its NUL: of schedulers, persistence engines and interfaces alike. */
const NAME_MAX = 15;

/** A reader of names. */
export const name =
  (field: string) =>
  (text: string): string => {
    if (Buffer.byteLength(text) > NAME_MAX || text.includes('\0')) {
      throw new ValueError(field, text, `a name of at most ${NAME_MAX} bytes`);
    }
    return text;
  };

/**
 * The IPv4 address in one of the forms of inet_aton(3): `192.0.2.1`, and in old scripts `10.1`, `0x7f.1`, `0300.0.2.1 `.
 * Undefined for any other text.
 */
export function dottedAddress(text: string): string | undefined {
  if (isIpv4(text)) return text;
  const parts = text.replace(/\s.*$/s, '').split('.');
  if (parts.length > 4) return undefined;
  const values = parts.map(cNumber);
  const last = values.pop();
  // The last part has the bytes that the others leave.
  const length = 4 - values.length;
  if (last === undefined || last >= 256 ** length) return undefined;
  if (!values.every((value) => value !== undefined && value < 256)) return undefined;
  const tail = Array.from({ length }, (_, at) => Math.floor(last / 256 ** (length - 1 - at)) % 256);
  return [...values, ...tail].join('.');
}

/** A number as C writes it: decimal, `0x` hexadecimal, or octal after a leading 0. */
function cNumber(text: string): number | undefined {
  if (/^0x[0-9a-f]+$/i.test(text)) return Number(text);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9][0-9]*$/.test(text) ? Number(text) : undefined;
}

const prefixLength = number('IPv6 netmask', { min: 1, max: 8 * addressLength.inet6 });

/** A persistence mask: dotted for IPv4, a prefix length for IPv6. */
export function netmask(text: string, family: Family): string {
  if (family === 'inet6') return String(prefixLength(text));
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

/** Comma-separated scheduler flags, in the order of their bits. */
export function schedulerFlags(text: string, scheduler: string): SchedulerFlag[] {
  const words = text.split(',').filter((word) => word !== '');
  const read = oneOf('scheduler flag', flagsOf(scheduler));
  return [...new Set(words.map((word) => schedulerFlagWords[read(word)].flag))].sort();
}
