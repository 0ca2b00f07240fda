/**
 * The servers of a document differ in their addresses and weights, and are else written alike: an item that was read leaves
 * a mould, its text with gaps where these stand. One that fits is the same server with other values, and nobody need look at
 * its keys.
 */
import { IN_PLAIN, isOne } from './letters.ts';
import {
  column,
  isAtContent,
  isFirst,
  isQuoted,
  listColumn,
  place,
  readTokenAt,
  resumeAt,
  token,
  tokenLength,
} from './text.ts';

const DASH: u8 = 0x2d;
const COLON: u8 = 0x3a;

@unmanaged
class Mould {
  isThere: bool;
  /** How the reader stood before the item, and behind it. */
  startsAtContent: bool;
  endsAtContent: bool;
  isQuoted: bool;
  listColumn: i32;
  /** Where the item is in the text, and the gaps in it: where there is no weight, that is at the end. */
  start: usize;
  address: usize;
  addressEnd: usize;
  weight: usize;
  weightEnd: usize;
  end: usize;
  /** Index of the server that it says. */
  server: u32;
}

/** Of the first item of a list, which no comma comes before, and of the others. */
const ofFirst = changetype<Mould>(heap.alloc(offsetof<Mould>()));
const ofOthers = changetype<Mould>(heap.alloc(offsetof<Mould>()));
/** The one that fits, or is to be replaced. */
let mould = ofOthers;

/** Where the weight of what fits is, and where it ends. */
let weight: usize = 0;
let end: usize = 0;

/** What one text has taught is nothing for another; nor is it for a service whose servers inherit something else. */
export function forgetMoulds(): void {
  ofFirst.isThere = false;
  ofOthers.isThere = false;
}

/** Whether the item that comes fits: then its address is the token. */
export function fits(): bool {
  mould = isFirst ? ofFirst : ofOthers;
  if (!mould.isThere || mould.listColumn !== listColumn() || mould.startsAtContent !== isAtContent)
    return false;
  if (isAtContent && column !== mould.listColumn) return false;
  const start = place();
  const toAddress = mould.address - mould.start;
  if (!isSame(start, mould.start, toAddress)) return false;
  const addressEnd = readTokenAt(start + toAddress, mould.isQuoted);
  // An object stands where the address should: its bracket, or its key.
  if (tokenLength === 0 || (!isQuoted && load<u8>(addressEnd - 1) === COLON)) return false;
  const toWeight = mould.weight - mould.addressEnd;
  if (!isSame(addressEnd, mould.addressEnd, toWeight)) return false;
  weight = addressEnd + toWeight;
  let weightEnd = weight;
  if (hasWeight()) while (isOne(weightEnd, IN_PLAIN)) weightEnd++;
  const toEnd = mould.end - mould.weightEnd;
  end = weightEnd + toEnd;
  return isSame(weightEnd, mould.weightEnd, toEnd) && (!mould.endsAtContent || load<u8>(end) === DASH);
}

/** Index of the server that is the same as the one that fits, but for its address and weight. */
export function sample(): u32 {
  return mould.server;
}

export function hasWeight(): bool {
  return mould.weight !== mould.weightEnd;
}

/** Makes the weight the token. */
export function toWeight(): void {
  readTokenAt(weight, false);
}

/** Comes behind what fits. */
export function toEnd(): void {
  resumeAt(end, mould.endsAtContent);
}

/** What is noted of an item that is read. */
const noted = changetype<Mould>(heap.alloc(offsetof<Mould>()));

/** An item is about to be read, of which `noteAddress` and `noteWeight` tell where the token is theirs. */
export function beginMould(): void {
  noted.startsAtContent = isAtContent;
  noted.listColumn = listColumn();
  noted.start = place();
  noted.weight = 0;
}

export function noteAddress(): void {
  noted.isQuoted = isQuoted;
  noted.address = token;
  noted.addressEnd = token + tokenLength;
}

export function noteWeight(): void {
  noted.weight = token;
  noted.weightEnd = token + tokenLength;
}

/** The item has been read. */
export function endMould(server: u32): void {
  noted.server = server;
  noted.end = place();
  noted.endsAtContent = isAtContent;
  // What follows shows where an item of several lines ends: another one must.
  if (isAtContent && (column !== noted.listColumn || load<u8>(noted.end) !== DASH)) return;
  if (noted.weight === 0) {
    noted.weight = noted.end;
    noted.weightEnd = noted.end;
  }
  noted.isThere = noted.addressEnd <= noted.weight;
  memory.copy(changetype<usize>(mould), changetype<usize>(noted), offsetof<Mould>());
}

/** Behind either text is room for a word. */
function isSame(one: usize, other: usize, length: usize): bool {
  let at: usize = 0;
  for (; at + 8 <= length; at += 8) if (load<u64>(one + at) !== load<u64>(other + at)) return false;
  const left = length - at;
  return left === 0 || (load<u64>(one + at) ^ load<u64>(other + at)) << (64 - 8 * left) === 0;
}
