/**
 * A hash table of keys that are a few 32-bit words each, without an object or a string for any of them. Words have
 * signs, because JavaScript's engines take numbers above 2^31 for fractions.
 */

const FIRST = 256;

export class KeyTable {
  /** Keys in the table; their slots are 0 to `size` - 1. */
  size = 0;
  #capacity = FIRST;
  #keys: Int32Array;
  /** The first slot of each bucket, and the next one in the same bucket, plus 1; 0 is none. */
  #first = new Int32Array(FIRST);
  #next = new Int32Array(FIRST);

  /** @param width words of a key */
  constructor(private readonly width: number) {
    this.#keys = new Int32Array(FIRST * width);
  }

  /** The slot of a key; -1 if the table does not have it. */
  find(key: Int32Array): number {
    let slot = (this.#first[this.#bucketOf(key, 0)] as number) - 1;
    while (slot >= 0 && !this.#has(slot, key)) slot = (this.#next[slot] as number) - 1;
    return slot;
  }

  /** The key of a slot. */
  keyOf(slot: number): Int32Array {
    return this.#keys.subarray(slot * this.width, (slot + 1) * this.width);
  }

  /** The order of the keys of two slots, word by word: negative, 0 or positive. */
  compare(a: number, b: number): number {
    let order = 0;
    for (let i = 0; order === 0 && i < this.width; i++) {
      order = this.#word(a, i) - this.#word(b, i);
    }
    return order;
  }

  #word(slot: number, index: number): number {
    return (this.#keys[slot * this.width + index] as number) >>> 0;
  }

  /** Adds a key that the table does not have. @returns its slot */
  add(key: Int32Array): number {
    if (this.size === this.#capacity) this.#grow();
    const slot = this.size++;
    this.#put(slot, key);
    return slot;
  }

  /** Gives the slot to another key. */
  replace(slot: number, key: Int32Array): void {
    const bucket = this.#bucketOf(this.#keys, slot * this.width);
    if (this.#first[bucket] === slot + 1) this.#first[bucket] = this.#next[slot] as number;
    else {
      let before = (this.#first[bucket] as number) - 1;
      while (this.#next[before] !== slot + 1) before = (this.#next[before] as number) - 1;
      this.#next[before] = this.#next[slot] as number;
    }
    this.#put(slot, key);
  }

  #put(slot: number, key: Int32Array): void {
    for (let i = 0; i < this.width; i++) this.#keys[slot * this.width + i] = key[i] as number;
    this.#link(slot);
  }

  #link(slot: number): void {
    const bucket = this.#bucketOf(this.#keys, slot * this.width);
    this.#next[slot] = this.#first[bucket] as number;
    this.#first[bucket] = slot + 1;
  }

  #has(slot: number, key: Int32Array): boolean {
    const start = slot * this.width;
    for (let i = 0; i < this.width; i++) if (this.#keys[start + i] !== key[i]) return false;
    return true;
  }

  /** There are as many buckets as slots, a power of two. */
  #bucketOf(words: Int32Array, start: number): number {
    let hash = 0;
    for (let i = 0; i < this.width; i++) {
      hash = Math.imul(hash ^ (words[start + i] as number), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash & (this.#capacity - 1);
  }

  #grow(): void {
    this.#capacity *= 2;
    const keys = new Int32Array(this.#capacity * this.width);
    keys.set(this.#keys);
    this.#keys = keys;
    this.#first = new Int32Array(this.#capacity);
    this.#next = new Int32Array(this.#capacity);
    for (let slot = 0; slot < this.size; slot++) this.#link(slot);
  }
}
