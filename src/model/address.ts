/**
 * IP addresses. In the model an address is its canonical text (RFC 5952 for IPv6), so that it compares with `===`,
 * serves as a key and prints as it is; bytes are for the wire and for order.
 */
import { ValueError } from '../errors.js';
import { putIpv6 } from './ascii.js';

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
export const isIpv4 = (text: string): boolean => isWhole(text, ipv4At, discarded);

/** Any of RFC 4291's forms (section 2.2), without a zone. */
export const isIpv6 = (text: string): boolean => text.includes(':') && parseIpv6(text) !== undefined;

/** Whether a canonical address is the one that stands for none. */
export const isUnspecified = (address: string): boolean => address === '0.0.0.0' || address === '::';

/** 224.0.0.0/4 or ff00::/8, by the canonical text. */
export const isMulticast = (address: string): boolean => /^(?:2(?:2[4-9]|3\d)\.|ff..:)/.test(address);

/** 127.0.0.0/8 or ::1, by the canonical text. */
export const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/** Why no machine can have this canonical address: `is a multicast address; name one machine's`. Undefined for all others. */
export function notOfOneMachine(address: string): string | undefined {
  const fault = (what: string) => `is ${what}; name one machine's`;
  if (isUnspecified(address)) return fault('the unspecified address');
  if (isMulticast(address)) return fault('a multicast address');
  if (address === '255.255.255.255') return fault('the broadcast address');
  if (!address.startsWith('::ffff:') || !address.includes('.')) return undefined;
  return `is an IPv4 address mapped into IPv6; write ${address.slice('::ffff:'.length)}`;
}

/** Canonical text of the 4 or 16 bytes at `offset`: that of IPv6 is {@link putIpv6}'s. */
export function formatAddress(bytes: Uint8Array, offset = 0, family: Family = familyOfLength(bytes)): string {
  if (family === 'inet') {
    return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
  }
  return String.fromCharCode(...ascii.subarray(0, putIpv6(ascii, 0, bytes, offset)));
}

/** A canonical IPv4 address as a number of 32 bits. */
export function ipv4Number(address: string): number {
  let number = 0;
  let part = 0;
  for (let i = 0; i < address.length; i++) {
    const code = address.charCodeAt(i);
    if (code !== DOT) part = part * 10 + code - ZERO;
    else {
      number = number * 256 + part;
      part = 0;
    }
  }
  return number * 256 + part;
}

/** Text that sorts as the addresses do numerically, within one family: a character for each byte. Not to be shown. */
export const addressOrder = (address: string): string =>
  Reflect.apply(String.fromCharCode, undefined, addressBytes(address));

/** An address, canonical, and a port, 0 to 65535. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`. */
export function formatEndpoint(address: string, port: number): string {
  return familyOf(address) === 'inet' ? `${address}:${port}` : `[${address}]:${port}`;
}

const familyOfLength = (bytes: Uint8Array): Family => (bytes.length === 4 ? 'inet' : 'inet6');

/** Takes bytes that are not used. */
const discarded = new Uint8Array(16);

/**
 * Reads the address that starts at `at` of a text in ASCII into the bytes at `place`, which a failure leaves undefined.
 * @returns where it ends, or -1 if there is none
 */
export type AddressReader = (text: Uint8Array, at: number, to: Uint8Array, place: number) => number;

function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  return isWhole(text, ipv4At, bytes) ? bytes : undefined;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(16);
  return isWhole(text, ipv6At, bytes) ? bytes : undefined;
}

/** The longest text that an address has: eight groups, the last two of them dotted. */
const LONGEST = 45;
/** The text being read, ended by a 0, or the text being written. */
const ascii = new Uint8Array(LONGEST + 3);

/** Whether all of the text is an address, which then is in `to`. */
function isWhole(text: string, read: AddressReader, to: Uint8Array): boolean {
  const { length } = text;
  if (length > LONGEST) return false;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return false;
    ascii[i] = code;
  }
  ascii[length] = 0;
  return read(ascii, 0, to, 0) === length;
}

const DOT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;

/** Reads dotted IPv4: {@link isIpv4}. A restore spends much of its time here, so the loop calls nothing. */
export function ipv4At(text: Uint8Array, at: number, to: Uint8Array, place: number): number {
  let i = at;
  for (let next = place; ; ) {
    const start = i;
    let part = 0;
    let code = text[i] as number;
    while (code >= ZERO && code <= NINE) {
      part = part * 10 + code - ZERO;
      code = text[++i] as number;
    }
    // A leading zero would mean octal to some.
    if (i === start || part > 255 || i - start > 3 || (i - start > 1 && text[start] === ZERO)) return -1;
    to[next++] = part;
    if (next === place + 4) return code === DOT ? -1 : i;
    if (code !== DOT) return -1;
    i++;
  }
}

/**
 * Reads IPv6: {@link isIpv6}. Groups are written to the front one by one; those after `::` are then moved to the end.
 */
export function ipv6At(text: Uint8Array, at: number, to: Uint8Array, place: number): number {
  const last = place + 16;
  let next = place;
  /** Where the zeros of `::` belong. */
  let zeros = -1;
  let i = at;
  if (text[i] === COLON && text[i + 1] === COLON) {
    zeros = next;
    i += 2;
  }
  for (let expected = zeros < 0; ; expected = true) {
    const start = i;
    let group = 0;
    for (let digit = hexDigit(text, i); digit >= 0; digit = hexDigit(text, ++i)) group = group * 16 + digit;
    if (text[i] === DOT) {
      i = next > last - 4 ? -1 : ipv4At(text, start, to, next);
      if (i < 0) return -1;
      next += 4;
      break;
    }
    if (i === start) {
      if (expected) return -1;
      break;
    }
    if (i - start > 4 || next === last) return -1;
    to[next++] = group >> 8;
    to[next++] = group & 0xff;
    if (text[i] !== COLON) break;
    i++;
    if (text[i] !== COLON) continue;
    if (zeros >= 0) return -1;
    zeros = next;
    i++;
    // `::` may end the address.
    if (hexDigit(text, i) < 0) break;
  }
  if (text[i] === COLON || text[i] === DOT || hexDigit(text, i) >= 0) return -1;
  if (zeros < 0) return next === last ? i : -1;
  if (next === last) return -1;
  to.copyWithin(last - (next - zeros), zeros, next);
  to.fill(0, zeros, last - (next - zeros));
  return i;
}

/** The value of the digit at `at`; negative where there is none. */
function hexDigit(text: Uint8Array, at: number): number {
  const code = text[at] as number;
  if (code >= ZERO && code <= NINE) return code - ZERO;
  const letter = code | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
