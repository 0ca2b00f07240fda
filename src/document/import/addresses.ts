/** Ranges of addresses, one by one. */
import { addressBytes, type Family, familyOf, formatAddress } from '../../model/address.js';
import { InvalidValue } from '../invalid-value.js';

/** Addresses in one range: more would be a mistake, or a table that nobody can use. */
const MOST = 65_536n;

const numberOf = (address: string): bigint =>
  addressBytes(address).reduce((number, byte) => number * 256n + BigInt(byte), 0n);

function addressOf(number: bigint, family: Family): string {
  const bytes = new Uint8Array(family === 'inet' ? 4 : 16);
  for (let at = bytes.length - 1, rest = number; at >= 0; at--, rest /= 256n) bytes[at] = Number(rest % 256n);
  return formatAddress(bytes);
}

/** The addresses from one to another, both canonical. @throws InvalidValue */
export function addressesBetween(first: string, last: string): string[] {
  const family = familyOf(first);
  if (familyOf(last) !== family) throw new InvalidValue(`${first} and ${last} are of two address families`);
  const start = numberOf(first);
  const size = numberOf(last) - start + 1n;
  if (size < 1n) throw new InvalidValue(`the range ends at ${last}, before its start, ${first}`);
  return numbered(start, size, family);
}

/** The addresses of a network. @throws InvalidValue */
export function addressesIn(address: string, length: number): string[] {
  const family = familyOf(address);
  const bits = family === 'inet' ? 32 : 128;
  if (length > bits) throw new InvalidValue(`/${length} is no prefix of an address with ${bits} bits`);
  const size = 1n << BigInt(bits - length);
  return numbered(numberOf(address) & ~(size - 1n), size, family);
}

function numbered(start: bigint, size: bigint, family: Family): string[] {
  if (size > MOST) throw new InvalidValue(`a range of ${size} addresses; ${MOST} are the most`);
  return Array.from({ length: Number(size) }, (_, at) => addressOf(start + BigInt(at), family));
}
