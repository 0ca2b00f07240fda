/** What letters are good for, and words by their letters: looked up, because a text has very many of them. */

/** Bits of a letter. */
export const IN_QUOTES: u32 = 0x01;
export const IN_PLAIN: u32 = 0x02;
export const IN_NAME: u32 = 0x04;
export const ALPHABETIC: u32 = 0x08;

const kinds = heap.alloc(256);
memory.fill(kinds, 0, 256);
// Everything printable but the quote and the backslash.
for (let code: u32 = 0x20; code < 0x7f; code++) if (code !== 0x22 && code !== 0x5c) add(code, IN_QUOTES);
for (let code: u32 = 0x61; code <= 0x7a; code++) {
  add(code, IN_PLAIN | IN_NAME | ALPHABETIC);
  add(code - 0x20, IN_PLAIN | IN_NAME | ALPHABETIC);
}
for (let code: u32 = 0x30; code <= 0x39; code++) add(code, IN_PLAIN | IN_NAME);
// - and _
add(0x2d, IN_PLAIN | IN_NAME);
add(0x5f, IN_PLAIN | IN_NAME);
// . / :
add(0x2e, IN_PLAIN);
add(0x2f, IN_PLAIN);
add(0x3a, IN_PLAIN);

function add(code: u32, bits: u32): void {
  store<u8>(kinds + code, load<u8>(kinds + code) | bits);
}

/** Whether the letter at `at` is one of these. */
export function isOne(at: usize, bits: u32): bool {
  return (load<u8>(kinds + load<u8>(at)) & bits) !== 0;
}

/** A word of up to 16 letters, as the numbers that these are in memory. */
@unmanaged
export class Word {
  low: u64;
  high: u64;
}

export function word(text: string): Word {
  const at = heap.alloc(offsetof<Word>());
  memory.fill(at, 0, offsetof<Word>());
  for (let i = 0; i < text.length; i++) store<u8>(at + i, text.charCodeAt(i));
  return changetype<Word>(at);
}
