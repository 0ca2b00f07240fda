/**
 * IP addresses. In the model an address is its canonical text (RFC 5952 for IPv6), so that it compares with `===`,
 * serves as a key and prints as it is; bytes are for the wire and for order.
 */
import { ValueError } from '../errors.js';

export type Family = 'inet' | 'inet6';

/** Bytes in an address of each family. */
export const addressLength: Record<Family, number> = { inet: 4, inet6: 16 };

/** The family of a canonical address. */
export const familyOf = (address: string): Family => (address.includes(':') ? 'inet6' : 'inet');

/**
 * The canonical text of an address as a human wrote it.
 * @throws ValueError if it is neither dotted IPv4 (four decimal parts) nor IPv6 (without a zone).
 */
export function canonicalAddress(text: string, field = 'address'): string {
  return isIpv4(text) ? text : formatAddress(addressBytes(text, field));
}

/** The 4 or 16 bytes of an address, in network order. @throws ValueError as canonicalAddress does */
export function addressBytes(address: string, field = 'address'): Uint8Array {
  const bytes = address.includes(':') ? parseIpv6(address) : parseIpv4(address);
  if (bytes === undefined) throw new ValueError(field, address, 'an IPv4 or IPv6 address');
  return bytes;
}

// Node's own isIPv4 and isIPv6 would do, but its module of sockets is a twentieth of a short run's start-up.

/** Four decimal parts from 0 to 255, without leading zeros. */
export const isIpv4 = (text: string): boolean => readIpv4(text, 0, text.length, discarded, 0);

/** Any of RFC 4291's forms (section 2.2), without a zone. */
export const isIpv6 = (text: string): boolean => text.includes(':') && parseIpv6(text) !== undefined;

/** Canonical text of the 4 or 16 bytes at `offset`. */
export function formatAddress(bytes: Uint8Array, offset = 0, family: Family = familyOfLength(bytes)): string {
  if (family === 'inet') {
    return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
  }
  return formatIpv6(bytes, offset);
}

/** Text that sorts as the addresses do numerically, within one family: a character for each byte. Not to be shown. */
export const addressOrder = (address: string): string =>
  String.fromCharCode(
    ...(familyOf(address) === 'inet' ? address.split('.').map(Number) : addressBytes(address)),
  );

/** `192.0.2.1:80`, `[2001:db8::1]:80`. */
export function formatEndpoint(address: string, port: number): string {
  return familyOf(address) === 'inet' ? `${address}:${port}` : `[${address}]:${port}`;
}

const familyOfLength = (bytes: Uint8Array): Family => (bytes.length === 4 ? 'inet' : 'inet6');

/** Where the bytes go that nobody wants. */
const discarded = new Uint8Array(4);

function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  return readIpv4(text, 0, text.length, bytes, 0) ? bytes : undefined;
}

/** Reads the dotted address that spans `start` to `end` into 4 bytes at `at`; false if it is none. */
function readIpv4(text: string, start: number, end: number, bytes: Uint8Array, at: number): boolean {
  let parts = 0;
  let part = 0;
  let digits = 0;
  for (let i = start; i <= end; i++) {
    const digit = i === end ? ENDED : text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) {
      // A leading zero would mean octal to some.
      if (digits === 1 && part === 0) return false;
      part = part * 10 + digit;
      digits++;
    } else {
      if ((digit !== DOT && digit !== ENDED) || digits === 0 || part > 255 || parts === 4) return false;
      bytes[at + parts++] = part;
      part = 0;
      digits = 0;
    }
  }
  return parts === 4;
}

/** As what `charCodeAt` gives less that of `0`. */
const DOT = 46 - 48;
const ENDED = -100;

/** Groups are written to the front one by one; what came after `::` is then moved to the end. */
function parseIpv6(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(16);
  let length = 0;
  let gap = -1;
  let i = 0;
  if (text.startsWith('::')) {
    gap = 0;
    i = 2;
  }
  while (i < text.length) {
    const start = i;
    let group = 0;
    for (let digit = hexDigit(text, i); digit >= 0; digit = hexDigit(text, ++i)) group = group * 16 + digit;
    if (text[i] === '.') {
      if (length > 12 || !readIpv4(text, start, text.length, bytes, length)) return undefined;
      length += 4;
      break;
    }
    if (i === start || i - start > 4 || length === 16) return undefined;
    bytes[length++] = group >> 8;
    bytes[length++] = group & 0xff;
    if (i === text.length) break;
    if (text[i++] !== ':' || i === text.length) return undefined;
    if (text[i] !== ':') continue;
    if (gap >= 0) return undefined;
    gap = length;
    i++;
  }
  if (gap < 0) return length === 16 ? bytes : undefined;
  if (length === 16) return undefined;
  bytes.copyWithin(16 - (length - gap), gap, length);
  bytes.fill(0, gap, 16 - (length - gap));
  return bytes;
}

/** The value of the digit at `at`; negative where there is none. */
function hexDigit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/**
 * RFC 5952: lower case, no leading zeros, the longest run (the first of equals) of two or more zero groups as `::`,
 * v4-mapped and v4-compatible addresses with a dotted tail, as inet_ntop(3) prints them. Listings of connections spend
 * much of their time here, so nothing is allocated but the text.
 */
function formatIpv6(bytes: Uint8Array, offset: number): string {
  let runStart = -1;
  let runLength = 1;
  for (let i = 0, start = 0; i <= 8; i++) {
    if (i < 8 && groupAt(bytes, offset, i) === 0) continue;
    if (i - start > runLength) {
      runStart = start;
      runLength = i - start;
    }
    start = i + 1;
  }
  const mapped =
    runStart === 0 && (runLength === 6 || (runLength === 5 && groupAt(bytes, offset, 5) === 0xffff));
  const shown = mapped ? 6 : 8;
  let text = '';
  for (let i = 0; i < shown; i++) {
    if (i === runStart) {
      text += i === 0 ? '::' : ':';
      i += runLength - 1;
    } else {
      text += groupAt(bytes, offset, i).toString(16);
      if (i < 7) text += ':';
    }
  }
  return mapped ? text + formatAddress(bytes, offset + 12, 'inet') : text;
}

/** The `index`th 16 bits of an IPv6 address. */
const groupAt = (bytes: Uint8Array, offset: number, index: number): number =>
  ((bytes[offset + 2 * index] ?? 0) << 8) | (bytes[offset + 2 * index + 1] ?? 0);
