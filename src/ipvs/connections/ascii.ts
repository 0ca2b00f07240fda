/** Text written as bytes, where strings would be most of the work. Each returns where what it wrote ends. */
import { zero } from './line-fields.js';

const DOT = 0x2e;
const SPACE = 0x20;
const LETTERS = 0x61 - 10;

/** Writes 0 to 65535. */
export function putDecimal(out: Uint8Array, start: number, value: number): number {
  const end = start + (value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : value < 10000 ? 4 : 5);
  let rest = value;
  for (let at = end - 1; at >= start; at--) {
    const tenth = (rest / 10) | 0;
    out[at] = zero + rest - 10 * tenth;
    rest = tenth;
  }
  return end;
}

/** Of each byte the decimal digits and a dot, as four characters of which the first few count, and how many do. */
const octets = new Uint8Array(4 * 256);
const octetLengths = new Uint8Array(256);
for (let octet = 0; octet < 256; octet++) {
  const end = putDecimal(octets, 4 * octet, octet);
  octets[end] = DOT;
  octetLengths[octet] = end + 1 - 4 * octet;
}

/**
 * Writes four bytes as a dotted address. Each is copied with four characters, of which the next one overwrites what was too
 * much: no loop over digits, no branch. Up to three bytes after the end are written as well.
 */
export function putIpv4(out: Uint8Array, start: number, bytes: Uint8Array): number {
  let at = start;
  for (let i = 0; i < 4; i++) {
    const octet = bytes[i] as number;
    const from = 4 * octet;
    out[at] = octets[from] as number;
    out[at + 1] = octets[from + 1] as number;
    out[at + 2] = octets[from + 2] as number;
    out[at + 3] = octets[from + 3] as number;
    at += octetLengths[octet] as number;
  }
  return at - 1;
}

/** Writes 0 to 65535 in lower case without leading zeros. */
export function putHexadecimal(out: Uint8Array, start: number, value: number): number {
  let at = start;
  for (let shift = value < 0x10 ? 0 : value < 0x100 ? 4 : value < 0x1000 ? 8 : 12; shift >= 0; shift -= 4) {
    const digit = (value >> shift) & 0xf;
    out[at++] = digit + (digit < 10 ? zero : LETTERS);
  }
  return at;
}

/** Spaces up to `end`, if it is not passed already. */
export function padTo(out: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) out[at++] = SPACE;
  return at;
}

/** Copies what lies between `from` and `end`; -1 if not all of it is ASCII. */
export function putWord(
  out: Uint8Array,
  start: number,
  bytes: Uint8Array,
  from: number,
  end: number,
): number {
  let at = start;
  let seen = 0;
  for (let i = from; i < end; i++) {
    const code = bytes[i] as number;
    seen |= code;
    out[at++] = code;
  }
  return seen > 0x7f ? -1 : at;
}
