/** Strings of short words that occur again and again in bytes: each is made once. */
export class Words {
  /** By a hash of the word. A new word replaces the one with the same hash, so memory is bounded. */
  readonly #known: string[] = new Array(64).fill('');

  /** The bytes from `start` to `end` as text, a character a byte (Latin-1). */
  text(bytes: Uint8Array, start: number, end: number): string {
    let hash = 0;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    const slot = hash & 63;
    const known = this.#known[slot] as string;
    if (spells(known, bytes, start, end)) return known;
    const word = String.fromCharCode(...bytes.subarray(start, end));
    this.#known[slot] = word;
    return word;
  }
}

function spells(word: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (word.length !== end - start) return false;
  for (let i = 0; i < word.length; i++) if (word.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
