/**
 * Numbers and addresses written as ASCII into bytes: listings have hundreds of thousands, and a string for each would cost
 * more than everything else. Each function returns where its text ends, and may overwrite up to two bytes behind with blanks.
 */
const BLANK = 0x20;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
/** What is added to 10 to 15 for `a` to `f`. */
const LETTERS = 0x61 - 10;

/**
 * For each byte its decimal digits, blanks up to three characters, and the number of digits, from the lowest byte on. Built
 * lazily: 0 means not yet.
 */
const octets = new Int32Array(256);

function makeOctet(value: number): number {
  const digits = String(value);
  const code = (at: number): number => (at < digits.length ? digits.charCodeAt(at) : BLANK);
  const octet = code(0) | (code(1) << 8) | (code(2) << 16) | (digits.length << 24);
  octets[value] = octet;
  return octet;
}

/** Numbers below this are written with 32-bit arithmetic. */
const BILLION = 1_000_000_000;

/** 0 to 255. */
function putOctet(to: Uint8Array, at: number, value: number): number {
  const octet = octets[value] || makeOctet(value);
  to[at] = octet;
  to[at + 1] = octet >> 8;
  to[at + 2] = octet >> 16;
  return at + (octet >> 24);
}

/** A whole number from 0 to 2^53 in decimal. */
export const putNumber = (to: Uint8Array, at: number, value: number): number =>
  value <= 0xff ? putOctet(to, at, value) : putLong(to, at, value);

function putLong(to: Uint8Array, at: number, value: number): number {
  if (value >= BILLION) return putBillions(to, at, value);
  let end = at + 3;
  for (let limit = 1000; limit <= value; limit *= 10) end++;
  let rest = value;
  for (let i = end - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0;
    to[i] = ZERO + rest - 10 * tenth;
    rest = tenth;
  }
  return end;
}

function putBillions(to: Uint8Array, start: number, value: number): number {
  const text = String(value);
  for (let i = 0; i < text.length; i++) to[start + i] = text.charCodeAt(i);
  return start + text.length;
}

/** The IPv4 address at `offset`: `192.0.2.1`. */
export function putIpv4(to: Uint8Array, start: number, from: Uint8Array, offset: number): number {
  let at = start;
  for (let i = offset; i < offset + 4; i++) {
    at = putOctet(to, at, from[i] as number);
    to[at++] = DOT;
  }
  to[--at] = BLANK;
  return at;
}

/** 0 to 65535 in lower-case hexadecimal without leading zeros. */
function putHex(to: Uint8Array, start: number, value: number): number {
  let at = start;
  for (let shift = value < 0x10 ? 0 : value < 0x100 ? 4 : value < 0x1000 ? 8 : 12; shift >= 0; shift -= 4) {
    const digit = (value >> shift) & 0xf;
    to[at++] = digit + (digit < 10 ? ZERO : LETTERS);
  }
  return at;
}

/**
 * The IPv6 address at `offset` as RFC 5952 has it: lower case, no leading zeros, the longest run (the first of equals) of two
 * or more zero groups as `::`; v4-mapped and v4-compatible addresses with a dotted tail, as inet_ntop(3) prints them.
 */
export function putIpv6(to: Uint8Array, start: number, from: Uint8Array, offset: number): number {
  let runStart = -1;
  let runLength = 1;
  for (let i = 0, zeros = 0; i < 8; i++) {
    zeros = groupAt(from, offset, i) === 0 ? zeros + 1 : 0;
    if (zeros <= runLength) continue;
    runLength = zeros;
    runStart = i - zeros + 1;
  }
  const dotted =
    runStart === 0 && (runLength === 6 || (runLength === 5 && groupAt(from, offset, 5) === 0xffff));
  const shown = dotted ? 6 : 8;
  let at = start;
  for (let i = 0; i < shown; i++) {
    if (i === runStart) {
      if (i === 0) to[at++] = COLON;
      i += runLength - 1;
    } else at = putHex(to, at, groupAt(from, offset, i));
    if (i < 7 || runStart + runLength === 8) to[at++] = COLON;
  }
  return dotted ? putIpv4(to, at, from, offset + 12) : at;
}

/** The `index`th 16 bits of an IPv6 address. */
const groupAt = (bytes: Uint8Array, offset: number, index: number): number =>
  ((bytes[offset + 2 * index] as number) << 8) | (bytes[offset + 2 * index + 1] as number);
