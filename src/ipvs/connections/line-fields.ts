/** What the fields of a line in /proc are made of, and how a wrong one is reported. */
import { ProtocolError } from '../../errors.js';

/** Character codes. */
export const newline = 0x0a;
export const space = 0x20;
export const zero = 0x30;
export const nine = 0x39;
export const colon = 0x3a;
export const letterS = 0x53;

/**
 * Where the word that starts here ends: at a space or the newline.
 * @throws ProtocolError if there is none.
 */
export function wordEnd(field: string, bytes: Uint8Array, start: number): number {
  const end = endOfWord(bytes, start);
  if (end === start) throw malformed(field, 'a name', bytes, start);
  return end;
}

function endOfWord(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] !== space && bytes[at] !== newline) at++;
  return at;
}

/** Characters of a wrong field that an error shows: an IPv6 address and a little more. */
const shownCharacters = 48;

/** The error about an invalid field that starts here. */
export function malformed(field: string, expected: string, bytes: Uint8Array, start: number): ProtocolError {
  const end = Math.min(endOfWord(bytes, start), start + shownCharacters);
  const got = end === start ? 'nothing' : `'${String.fromCharCode(...bytes.subarray(start, end))}'`;
  return new ProtocolError(`expected ${expected}, got ${got}`, [field]);
}
