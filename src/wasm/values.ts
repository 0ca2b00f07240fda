/** What scalars say: numbers, names, addresses. Only the forms that every reader takes for the same. */
import { Endpoint } from './entries.ts';
import { ALPHABETIC, IN_NAME, isOne, Word, word } from './letters.ts';
import { fail, high, is, isQuoted, low, token, tokenLength } from './text.ts';

const COLON: u8 = 0x3a;
const DOT: u8 = 0x2e;
const OPEN: u8 = 0x5b;
const CLOSE: u8 = 0x5d;

const TRUE = word('true');
const FALSE = word('false');
const NULL = word('null');

/** Where the endpoint's parts are looked for, and where they must have ended. */
let at: usize = 0;
let stop: usize = 0;

/** Whether the endpoint that was read last has an IPv6 address, and a port. */
export let isIpv6: bool = false;
export let hasPort: bool = false;

/** The token as a whole number of this range. */
export function number(least: u32, most: u32): u32 {
  if (isQuoted) fail();
  const value = digits(token, token + tokenLength);
  if (value < <i64>least || value > <i64>most) fail();
  return <u32>value;
}

export function boolean(): bool {
  if (isQuoted || !(is(TRUE) || is(FALSE))) fail();
  return is(TRUE);
}

/** One of these words, by its number. */
export function oneOf(words: StaticArray<Word>): u32 {
  for (let i = 0; i < words.length; i++) if (is(words[i])) return i;
  fail();
  return 0;
}

/** Whether the token is a name of up to 15 letters, digits, `_` and `-`. */
export function isName(): bool {
  if (tokenLength === 0 || tokenLength > 15) return false;
  // What is not in quotes may be a number, or one of YAML's own words.
  if (!isQuoted && (!isOne(token, ALPHABETIC) || isReserved())) return false;
  for (let at = token; at < token + tokenLength; at++) if (!isOne(at, IN_NAME)) return false;
  return true;
}

function isReserved(): bool {
  return isLike(NULL) || isLike(TRUE) || isLike(FALSE);
}

/** Whether the token is a word of YAML's, in whatever case. */
function isLike(reserved: Word): bool {
  return high === 0 && (low | (reserved.low & 0x2020202020202020)) === reserved.low;
}

/** A netmask of dots as a number; fails where the token is none. */
export function dottedMask(): u32 {
  at = token;
  stop = token + tokenLength;
  const mask = ipv4();
  if (at !== stop) fail();
  return mask;
}

/** The digits of a number in quotes, as a mask may be; -1 where it is none of one to three. */
export function quotedDigits(): i32 {
  if (tokenLength === 0 || tokenLength > 3) return -1;
  let value = 0;
  for (let i: usize = 0; i < tokenLength; i++) {
    const digit = <i32>load<u8>(token + i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** A firewall mark behind `prefix` letters of the token: `7`, `7/inet6`, of which `isIpv6` tells. */
export function mark(prefix: usize): u32 {
  stop = token + tokenLength;
  at = token + prefix;
  const start = at;
  while (at < stop && load<u8>(at) !== 0x2f) at++;
  const value = digits(start, at);
  isIpv6 = stop - at === 6 && load<u32>(at) === 0x656e692f && load<u16>(at, 4) === 0x3674;
  if ((at !== stop && !isIpv6) || value < 1 || value > <i64>u32.MAX_VALUE) fail();
  return <u32>value;
}

/** `192.0.2.1:80` or `[2001:db8::1]:80` behind `prefix` letters of the token, with or without a port; one machine's. */
export function endpoint(to: Endpoint, prefix: usize): void {
  at = token + prefix;
  stop = token + tokenLength;
  isIpv6 = at < stop && load<u8>(at) === OPEN;
  if (isIpv6) {
    at++;
    if (!isQuoted) fail();
    ipv6(to);
    if (at < stop && load<u8>(at) === CLOSE) at++;
    else fail();
    // The unspecified address, IPv4 in IPv6, and other special ones; groups of receivers.
    if (to.high === 0 || to.high >> 56 === 0xff) fail();
  } else {
    to.high = 0;
    to.low = ipv4();
    if (to.low >> 24 === 0 || to.low >> 24 > 223) fail();
  }
  hasPort = at !== stop;
  if (!hasPort) return;
  if (load<u8>(at) !== COLON) fail();
  const port = digits(at + 1, stop);
  if (port < 0 || port > 65535) fail();
  to.port = <u32>port;
}

/** Decimal digits without leading zeros; -1 where they are none, or more than ten. */
function digits(from: usize, to: usize): i64 {
  const length = to - from;
  if (from >= to || length > 10 || (length > 1 && load<u8>(from) === 0x30)) return -1;
  let value: i64 = 0;
  for (; from < to; from++) {
    const digit = <i32>load<u8>(from) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** What comes behind the token is neither a digit nor a dot, and ends whatever is looked for. */
function ipv4(): u32 {
  let address: u32 = 0;
  for (let part = 0; part < 4; part++) {
    if (part > 0 && load<u8>(at++) !== DOT) fail();
    let value = digit();
    if (value > 9) fail();
    at++;
    for (let next = digit(); next <= 9; next = digit()) {
      if (value === 0 || value > 25) fail();
      value = value * 10 + next;
      at++;
    }
    if (value > 255) fail();
    address = (address << 8) | value;
  }
  return address;
}

/** Above 9 where there is none. */
function digit(): u32 {
  return <u32>load<u8>(at) - 0x30;
}

/** Room for an IPv6 address in network order. */
const bytes = heap.alloc(16);

/** Groups of hexadecimal digits, with or without `::`; none with dots. */
function ipv6(to: Endpoint): void {
  let groups: usize = 0;
  let gap: usize = 8;
  if (colons(2)) gap = 0;
  while (at < stop && load<u8>(at) !== CLOSE && groups < 8) {
    if (groups > 0 && gap !== groups && !colons(1)) {
      fail();
      return;
    }
    const start = at;
    let value: u32 = 0;
    for (let digit = hexadecimal(); digit < 16 && at - start < 4; digit = hexadecimal()) {
      value = (value << 4) | digit;
      at++;
    }
    if (at === start) {
      fail();
      return;
    }
    store<u16>(bytes + groups * 2, bswap(<u16>value));
    groups++;
    if (gap === 8 && groups < 8 && colons(2)) gap = groups;
  }
  if (gap === 8 ? groups !== 8 : groups === 8) {
    fail();
    return;
  }
  if (gap !== 8) {
    const left: usize = <usize>8 - groups;
    memory.copy(bytes + (gap + left) * 2, bytes + gap * 2, (groups - gap) * 2);
    memory.fill(bytes + gap * 2, 0, left * 2);
  }
  to.high = bswap(load<u64>(bytes));
  to.low = bswap(load<u64>(bytes, 8));
}

/** Passes over so many colons, if they are there. */
function colons(count: usize): bool {
  if (stop - at < count) return false;
  for (let i: usize = 0; i < count; i++) if (load<u8>(at + i) !== COLON) return false;
  at += count;
  return true;
}

/** The digit at hand; 16 where it is none. */
function hexadecimal(): u32 {
  if (at >= stop) return 16;
  const code: u32 = load<u8>(at);
  if (code - 0x30 <= 9) return code - 0x30;
  const letter = (code | 0x20) - 0x61;
  return letter <= 5 ? letter + 10 : 16;
}

/** Members of an object that have been seen, a bit for each. */
export function once(seen: u32, bit: u32): u32 {
  if ((seen & bit) !== 0) fail();
  return seen | bit;
}
