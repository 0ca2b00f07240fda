/** The lines that are written, as the bytes they are. */
import { Area } from './area.ts';
import { Endpoint } from './entries.ts';

/** Room that each of the functions here may count on: more than any line takes. */
const LINE: usize = 1024;

export const output: Area = new Area(64 * 1024);
/** Where the next byte goes. */
let at: usize = 0;
let lineStart: usize = 0;

export function begin(): void {
  at = output.room(LINE);
  lineStart = at;
}

export function end(): void {
  letter(0x0a);
  output.end = at;
}

/** Writes what has been begun to other memory instead. @returns how many bytes */
export function take(to: usize): usize {
  const length = at - lineStart;
  memory.copy(to, lineStart, length);
  at = lineStart;
  return length;
}

export function letter(code: u32): void {
  store<u8>(at++, code);
}

/** The letters up to a 0, of at most `length`. */
export function name(from: usize, length: usize): void {
  for (let i: usize = 0; i < length && load<u8>(from + i) !== 0; i++) letter(load<u8>(from + i));
}

/** Up to eight letters as they lie in memory: the first is the lowest byte. */
export function letters(value: u64, length: usize): void {
  store<u64>(at, value);
  at += length;
}

/** A text of ASCII as a byte for each letter, for good. */
export function asBytes(value: string): usize {
  const to = heap.alloc(value.length);
  for (let i = 0; i < value.length; i++) store<u8>(to + i, value.charCodeAt(i));
  return to;
}

export function text(value: string): void {
  for (let i = 0; i < value.length; i++) letter(value.charCodeAt(i));
}

/** What lies there, less than half of the room, in words: what is behind it is copied and overwritten. */
export function copy(from: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 8) store<u64>(at + i, load<u64>(from + i));
  at += length;
}

/** Ends a line with what ends another. */
export function endWith(from: usize, length: usize): void {
  copy(from, length);
  output.end = at;
}

/** Blanks up to a column of the line, in words. */
export function pad(column: usize): void {
  const to = lineStart + column;
  for (let blank = at; blank < to; blank += 8) store<u64>(blank, 0x2020202020202020);
  at = max(at, to);
}

/** Where the line has come to. */
export function column(): usize {
  return at - lineStart;
}

/**
 * What lines are full of, the numbers of one byte: up to three digits, and how many, from the lowest byte on.
 */
const octets = heap.alloc(256 * 4);
for (let value: u32 = 0; value < 256; value++) {
  const hundreds = value / 100;
  const tens = (value / 10) % 10;
  const ones = 0x30 + (value % 10);
  let digits = 0x0100_0000 | ones;
  if (value >= 10) digits = 0x0200_0000 | (ones << 8) | (0x30 + tens);
  if (value >= 100) digits = 0x0300_0000 | (ones << 16) | ((0x30 + tens) << 8) | (0x30 + hundreds);
  store<u32>(octets + (value << 2), digits);
}

function octet(value: u32): void {
  const digits = load<u32>(octets + (value << 2));
  store<u32>(at, digits);
  at += digits >> 24;
}

export function number(value: u32): void {
  if (value < 256) {
    octet(value);
    return;
  }
  let count: usize = 3;
  for (let rest = value / 1000; rest > 0; rest /= 10) count++;
  at += count;
  for (let place = at; count > 0; count--) {
    const rest = value / 10;
    store<u8>(--place, 0x30 + value - rest * 10);
    value = rest;
  }
}

/** `192.0.2.1:80`, `[2001:db8::1]:80` */
export function endpoint(from: Endpoint, isIpv6: bool): void {
  if (isIpv6) {
    letter(0x5b);
    ipv6(from.high, from.low);
    letter(0x5d);
  } else ipv4(<u32>from.low);
  letter(0x3a);
  number(from.port);
}

export function ipv4(address: u32): void {
  octet(address >> 24);
  letter(0x2e);
  octet((address >> 16) & 0xff);
  letter(0x2e);
  octet((address >> 8) & 0xff);
  letter(0x2e);
  octet(address & 0xff);
}

function group(high: u64, low: u64, index: u32): u32 {
  const half = index < 4 ? high : low;
  return <u32>(half >> (48 - 16 * (index & 3))) & 0xffff;
}

/**
 * RFC 5952: the longest run of two or more groups that are 0, the first of equals, as `::`; what holds an IPv4 address with a
 * dotted tail, as inet_ntop(3) prints it.
 */
function ipv6(high: u64, low: u64): void {
  let runStart: u32 = 8;
  let runLength: u32 = 1;
  for (let i: u32 = 0, start: u32 = 0; i <= 8; i++) {
    if (i < 8 && group(high, low, i) === 0) continue;
    if (i - start > runLength) {
      runStart = start;
      runLength = i - start;
    }
    start = i + 1;
  }
  const isDotted = runStart === 0 && (runLength === 6 || (runLength === 5 && group(high, low, 5) === 0xffff));
  const shown: u32 = isDotted ? 6 : 8;
  for (let i: u32 = 0; i < shown; i++) {
    if (i === runStart) {
      if (i === 0) letter(0x3a);
      letter(0x3a);
      i += runLength - 1;
    } else {
      hexadecimal(group(high, low, i));
      if (i < 7) letter(0x3a);
    }
  }
  if (isDotted) ipv4(<u32>low);
}

function hexadecimal(value: u32): void {
  let shift: u32 = 12;
  while (shift > 0 && value >> shift === 0) shift -= 4;
  while (true) {
    const digit = (value >> shift) & 0xf;
    letter(digit < 10 ? 0x30 + digit : 0x57 + digit);
    if (shift === 0) return;
    shift -= 4;
  }
}
