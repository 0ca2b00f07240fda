/**
 * SipHash-1-3 (Aumasson, Bernstein: SipHash: a fast short-input PRF, 2012) of one 32-bit word, with both halves of the key alike: what
 * kernels of 64 bits compute as hsiphash for the scheduler mh.
 */

const WORD = 64;
const LENGTH = 4n << 56n;

const add = (a: bigint, b: bigint): bigint => BigInt.asUintN(WORD, a + b);
const rotate = (a: bigint, by: bigint): bigint => BigInt.asUintN(WORD, (a << by) | (a >> (64n - by)));

/** @param key one half of the key. @returns the lower 32 bits */
export function sipHash(value: number, key: bigint): number {
  let a = 0x736f6d6570736575n ^ key;
  let b = 0x646f72616e646f6dn ^ key;
  let c = 0x6c7967656e657261n ^ key;
  let d = 0x7465646279746573n ^ key;
  const round = (): void => {
    a = add(a, b);
    b = rotate(b, 13n) ^ a;
    a = rotate(a, 32n);
    c = add(c, d);
    d = rotate(d, 16n) ^ c;
    a = add(a, d);
    d = rotate(d, 21n) ^ a;
    c = add(c, b);
    b = rotate(b, 17n) ^ c;
    c = rotate(c, 32n);
  };
  const last = LENGTH | BigInt(value >>> 0);
  d ^= last;
  round();
  a ^= last;
  c ^= 0xffn;
  round();
  round();
  round();
  return Number(BigInt.asUintN(32, a ^ b ^ c ^ d));
}
