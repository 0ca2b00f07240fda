/**
 * IP addresses. In the model an address is its canonical text (RFC 5952 for IPv6), so that it compares with `===`,
 * serves as a key and prints as it is; bytes are for the wire and for order.
 */
import { isIPv4, isIPv6 } from './ip.js';
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
  return isIPv4(text) ? text : formatAddress(addressBytes(text, field));
}

/** The 4 or 16 bytes of an address, in network order. @throws ValueError as canonicalAddress does */
export function addressBytes(address: string, field = 'address'): Uint8Array {
  if (isIPv4(address)) return parseIpv4(address);
  if (isIPv6(address) && !address.includes('%')) return parseIpv6(address);
  throw new ValueError(field, address, 'an IPv4 or IPv6 address');
}

/** Canonical text of the 4 or 16 bytes at `offset`. */
export function formatAddress(bytes: Uint8Array, offset = 0, family: Family = familyOfLength(bytes)): string {
  if (family === 'inet') {
    return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
  }
  return formatIpv6(bytes, offset);
}

/** Text that sorts as the addresses do numerically, within one family: the bytes in hexadecimal. */
export function addressOrder(address: string): string {
  let key = '';
  for (const byte of addressBytes(address)) key += hexByte[byte];
  return key;
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`. */
export function formatEndpoint(address: string, port: number): string {
  return familyOf(address) === 'inet' ? `${address}:${port}` : `[${address}]:${port}`;
}

const hexByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const familyOfLength = (bytes: Uint8Array): Family => (bytes.length === 4 ? 'inet' : 'inet6');

function parseIpv4(text: string): Uint8Array {
  const bytes = new Uint8Array(4);
  let part = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0) {
      bytes[at++] = part;
      part = 0;
    } else part = part * 10 + digit;
  }
  bytes[at] = part;
  return bytes;
}

function parseIpv6(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  const [head = '', tail] = text.split('::');
  const left = groupBytes(head);
  bytes.set(left);
  if (tail !== undefined) {
    const right = groupBytes(tail);
    bytes.set(right, 16 - right.length);
  }
  return bytes;
}

/** `2001:db8` gives 4 bytes; a last part in dotted notation (`ffff:192.0.2.1`) gives its 4. */
function groupBytes(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return [...parseIpv4(group)];
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
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
