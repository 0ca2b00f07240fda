/**
 * Comes from value to value of a text in JSON, or in the YAML that is as plain: blocks by indentation, flow collections of
 * one line, scalars without escapes, comments. Whoever reads says what should come next; anything else, and whatever some
 * reader might take for something else, is `bad`, and then nothing that was read counts.
 */
import { ALPHABETIC, IN_PLAIN, IN_QUOTES, isOne, Word, word } from './letters.ts';

/** Bytes that must be 0 behind a text, which end whatever is looked for. */
export const BEHIND: usize = 16;

const TAB: u32 = 0x09;
const NEWLINE: u32 = 0x0a;
const RETURN: u32 = 0x0d;
const BLANK: u32 = 0x20;
const EIGHT_BLANKS: u64 = 0x2020202020202020;
const QUOTE: u32 = 0x22;
const HASH: u32 = 0x23;
const COMMA: u32 = 0x2c;
const DASH: u32 = 0x2d;
const COLON: u32 = 0x3a;
const OPEN_LIST: u32 = 0x5b;
const BACKSLASH: u32 = 0x5c;
const CLOSE_LIST: u32 = 0x5d;
const OPEN_OBJECT: u32 = 0x7b;
const CLOSE_OBJECT: u32 = 0x7d;

const TRUE = word('true');
const FALSE = word('false');

/** Not as expected. */
export let bad: bool = false;

/** The scalar, or the key, that was come to last: what it is without its quotes. */
export let token: usize = 0;
export let tokenLength: usize = 0;
export let isQuoted: bool = false;
/** The token as a word; of one that is longer than words are, nothing. */
export let low: u64 = 0;
export let high: u64 = 0;

let at: usize = 0;
let end: usize = 0;
let isJson: bool = false;

/** Collections that are open: the column of a block's members, or FLOW. */
const FLOW: i32 = -2;
const DEEPEST: i32 = 16;
const columns = new StaticArray<i32>(DEEPEST);
let depth: i32 = 0;
/** Whether nothing of the innermost one has been read. */
export let isFirst: bool = false;

/** Where the line starts; whether `at` is where its content does, or that of an item; and the column of that. */
let lineStart: usize = 0;
export let isAtContent: bool = false;
export let column: i32 = 0;

/** Starts with a text, behind which are as many bytes of 0 as must be there: in its root object. */
export function openText(start: usize, stop: usize): void {
  at = start;
  end = stop;
  bad = false;
  depth = 0;
  isJson = true;
  blanks();
  if (peek() === OPEN_OBJECT) {
    enterObject();
    return;
  }
  isJson = false;
  at = start;
  comeToContent();
  if (isAtEnd() || column !== 0) fail();
  else push(0);
}

/** Whether all has been read. */
export function isWhole(): bool {
  if (isJson) blanks();
  return !bad && depth === 0 && isAtEnd();
}

export function fail(): void {
  bad = true;
}

/** Where the next thing is looked for: behind a key, or behind a value. */
export function place(): usize {
  return at;
}

/** Where the items of the innermost collection start, if they are lines. */
export function listColumn(): i32 {
  return columns[depth - 1];
}

/** Makes what is at a place the token, as `scalar` does, without coming to it. @returns where it ends */
export function readTokenAt(start: usize, inQuotes: bool): usize {
  const kind = inQuotes ? IN_QUOTES : IN_PLAIN;
  token = start;
  isQuoted = inQuotes;
  let stop = start;
  while (isOne(stop, kind)) stop++;
  tokenLength = stop - start;
  return stop;
}

/** Comes behind an item that somebody else has read. */
export function resumeAt(behind: usize, toContent: bool): void {
  at = behind;
  isFirst = false;
  isAtContent = toContent;
  if (!toContent) return;
  column = columns[depth - 1];
  lineStart = at - column;
}

/** Where the value ends that was read last, with what belongs to no other line. */
export function placeBehind(): usize {
  if (isFlow()) return at;
  toContent();
  return isAtEnd() ? end : lineStart - 1;
}

export function enterObject(): bool {
  return enter(OPEN_OBJECT);
}

export function enterList(): bool {
  return enter(OPEN_LIST);
}

/** Comes to the value of the next member, with its key as the token; or behind the object. */
export function nextMember(): bool {
  if (bad) return false;
  if (isFlow()) {
    if (!nextInFlow(CLOSE_OBJECT)) return false;
    readKey();
    if (isJson) blanks();
    if (!has(COLON)) return false;
    if (!isJson && !isQuoted && peek() !== BLANK) fail();
  } else {
    if (!nextInBlock()) return false;
    readKey();
    if (!has(COLON)) return false;
    if (!isBlankAt(at)) fail();
    isAtContent = false;
  }
  return !bad;
}

/** Comes to the next item, or behind the list. */
export function nextItem(): bool {
  if (bad) return false;
  if (isFlow()) return nextInFlow(CLOSE_LIST);
  // The members of an object may stand as far to the left as the list that is one of their values.
  if (!nextInBlock()) return false;
  if (!isDash()) {
    pop();
    return false;
  }
  at++;
  isAtContent = false;
  spaces();
  if (!isLineEnd()) {
    column = <i32>(at - lineStart);
    isAtContent = true;
  }
  return true;
}

/** Comes to a scalar, and passes over it. */
export function scalar(): bool {
  if (bad) return false;
  if (isFlow()) blanks();
  else if (!isAtContent) spaces();
  isAtContent = false;
  if (peek() === QUOTE) return quoted();
  isQuoted = false;
  token = at;
  while (isOne(at, IN_PLAIN)) at++;
  endToken();
  // Of words that are not in quotes JSON has few.
  if (tokenLength === 0 || (isJson && !isNumber() && !is(TRUE) && !is(FALSE))) fail();
  return !bad;
}

function isNumber(): bool {
  for (let i: usize = 0; i < tokenLength; i++) {
    const code = load<u8>(token + i);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

/** Passes over a value, whatever it is: who reads the rest of the text reads that as well. */
export function skip(): void {
  if (!isFlow()) {
    do {
      while (!isAtEnd() && peek() !== NEWLINE) at++;
      isAtContent = false;
      comeToContent();
    } while (!isAtEnd() && column > columns[depth - 1]);
    return;
  }
  let open = 0;
  for (; !isAtEnd(); at++) {
    const code = peek();
    if (code === QUOTE) {
      for (at++; !isAtEnd() && peek() !== QUOTE; at++) if (peek() === BACKSLASH) at++;
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) open++;
    else if (open === 0 && (code === COMMA || code === CLOSE_OBJECT)) return;
    else if (code === CLOSE_OBJECT || code === CLOSE_LIST) open--;
  }
}

/** Whether an object or a list comes next, and no scalar. */
export function isCollection(): bool {
  if (isFlow()) blanks();
  else if (!isAtContent) spaces();
  return peek() === OPEN_OBJECT || peek() === OPEN_LIST || (!isFlow() && !isAtContent && isLineEnd());
}

/** Whether an item is a scalar, where it may be an object as well. */
export function isScalarItem(): bool {
  if (isFlow()) blanks();
  if (peek() === OPEN_OBJECT) return false;
  if (isFlow() || peek() === QUOTE) return true;
  // A key ends in a colon with a blank, or at the end of the line.
  for (let next = at; isOne(next, IN_PLAIN); next++) {
    if (load<u8>(next) === COLON && isBlankAt(next + 1)) return false;
  }
  return true;
}

/** Whether the token is this. */
export function is(wanted: Word): bool {
  return low === wanted.low && high === wanted.high;
}

/** The token's end has been come to. */
function endToken(): void {
  tokenLength = at - token;
  low = load<u64>(token);
  high = 0;
  if (tokenLength < 8) low &= ((<u64>1) << (8 * tokenLength)) - 1;
  else if (tokenLength <= 16) {
    high = load<u64>(token, 8);
    if (tokenLength < 16) high &= ((<u64>1) << (8 * (tokenLength - 8))) - 1;
  } else low = 0;
}

function isAtEnd(): bool {
  return at >= end;
}

function peek(): u32 {
  return load<u8>(at);
}

function has(code: u32): bool {
  if (peek() === code) at++;
  else fail();
  return !bad;
}

function isFlow(): bool {
  return depth > 0 && columns[depth - 1] === FLOW;
}

function push(to: i32): bool {
  if (depth === DEEPEST) fail();
  else columns[depth++] = to;
  isFirst = true;
  return !bad;
}

function pop(): void {
  depth--;
  isFirst = false;
}

function enter(bracket: u32): bool {
  if (bad) return false;
  const isInFlow = isJson || isFlow();
  if (isInFlow) blanks();
  else if (!isAtContent) spaces();
  if (peek() === bracket) {
    at++;
    isAtContent = false;
    return push(FLOW);
  }
  if (isInFlow) fail();
  else if (isAtContent) {
    // In the line of the dash: an object.
    if (bracket === OPEN_LIST) fail();
  } else {
    const parent = columns[depth - 1];
    toContent();
    if (isAtEnd() || column < parent) fail();
    else if (bracket === OPEN_LIST ? !isDash() : column === parent) fail();
  }
  return !bad && push(column);
}

/** Comes to the next of a flow collection, or behind it. */
function nextInFlow(bracket: u32): bool {
  blanks();
  if (peek() === bracket) {
    at++;
    pop();
    return false;
  }
  if (isFirst) isFirst = false;
  else {
    has(COMMA);
    blanks();
  }
  return !bad;
}

/** Comes to the next line of a block, or behind it. */
function nextInBlock(): bool {
  toContent();
  const own = columns[depth - 1];
  if (bad || isAtEnd() || column < own) {
    pop();
    return false;
  }
  if (column > own) fail();
  return !bad;
}

function isDash(): bool {
  return peek() === DASH && isBlankAt(at + 1);
}

/** Comes to the next line with content, where it is not there. */
function toContent(): void {
  if (isAtContent) return;
  spaces();
  if (!isLineEnd()) fail();
  else comeToContent();
}

/** From what is no content to the start of what is. */
function comeToContent(): void {
  while (!isAtEnd()) {
    if (peek() === HASH) while (!isAtEnd() && peek() !== NEWLINE) at++;
    if (peek() === NEWLINE) at++;
    lineStart = at;
    spaces();
    if (!isAtEnd() && peek() !== NEWLINE && peek() !== HASH) break;
  }
  column = <i32>(at - lineStart);
  isAtContent = true;
}

/** A comment has a blank before it. */
function isLineEnd(): bool {
  return isAtEnd() || peek() === NEWLINE || (peek() === HASH && load<u8>(at - 1) === BLANK);
}

/** A blank, or the end of a line or of the text. */
function isBlankAt(place: usize): bool {
  return place >= end || load<u8>(place) === BLANK || load<u8>(place) === NEWLINE;
}

function spaces(): void {
  let next = at;
  while (load<u64>(next) === EIGHT_BLANKS) next += 8;
  while (load<u8>(next) === BLANK) next++;
  at = next;
}

/** What may stand between the tokens of a flow collection. */
function blanks(): void {
  spaces();
  if (!isJson) return;
  while (peek() === NEWLINE || peek() === RETURN || peek() === TAB) {
    at++;
    spaces();
  }
}

function quoted(): bool {
  isQuoted = true;
  token = ++at;
  while (isOne(at, IN_QUOTES)) at++;
  endToken();
  return has(QUOTE);
}

/** What stands before a colon. */
function readKey(): void {
  if (peek() === QUOTE) quoted();
  else {
    isQuoted = false;
    token = at;
    while (isOne(at, ALPHABETIC)) at++;
    endToken();
    if (isJson || tokenLength === 0) fail();
  }
}
