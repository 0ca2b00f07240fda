/**
 * Counts how often each key comes, in bounded memory: exactly as long as there are no more keys than counters, and by Space-Saving
 * beyond (Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams, 2005). A new key then takes the
 * counter of one that came least often, and goes on from its count, so that a count may be too high, but never too low.
 */
import { KeyTable } from './key-table.js';

export class HeavyHitters {
  readonly #keys: KeyTable;
  #counts = new Float64Array(256);
  #errors = new Float64Array(256);
  #ranking: Ranking | undefined;

  /** @param limit of counters. @param width words of a key */
  constructor(
    private readonly limit: number,
    width: number,
  ) {
    this.#keys = new KeyTable(width);
  }

  /** Counters in use; their slots are 0 to `size` - 1. */
  get size(): number {
    return this.#keys.size;
  }

  /** How much a count may be too high at most, and how often a key without a counter may have come; 0 if all counts are exact. */
  get errorBound(): number {
    return this.#ranking === undefined ? 0 : (this.#counts[this.#ranking.least] as number);
  }

  keyOf(slot: number): Int32Array {
    return this.#keys.keyOf(slot);
  }

  /** The order of two keys, word by word: negative, 0 or positive. */
  compareKeys(a: number, b: number): number {
    return this.#keys.compare(a, b);
  }

  /** How often the key of this slot came, at most. */
  count(slot: number): number {
    return this.#counts[slot] as number;
  }

  /** How much of its count may be of others. */
  error(slot: number): number {
    return this.#errors[slot] as number;
  }

  /**
   * Counts a key.
   * @param replaced called with the slot if the key has a counter from now on that was of no key, or of another one
   * @returns its slot
   */
  add(key: Int32Array, replaced: (slot: number) => void): number {
    let slot = this.#keys.find(key);
    if (slot < 0) {
      slot = this.#take(key);
      replaced(slot);
    }
    this.#ranking?.raise(slot);
    (this.#counts[slot] as number)++;
    return slot;
  }

  #take(key: Int32Array): number {
    if (this.size < this.limit) {
      if (this.size === this.#counts.length) this.#grow();
      return this.#keys.add(key);
    }
    this.#ranking ??= new Ranking(this.#counts.subarray(0, this.size));
    const slot = this.#ranking.least;
    this.#keys.replace(slot, key);
    this.#errors[slot] = this.#counts[slot] as number;
    return slot;
  }

  #grow(): void {
    this.#counts = doubled(this.#counts);
    this.#errors = doubled(this.#errors);
  }
}

function doubled(numbers: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}

/** Slots by their counts, the least first. A slot whose count grows by 1 moves behind those that had the same count. */
class Ranking {
  readonly #slots: Uint32Array;
  readonly #positions: Uint32Array;
  /** The last position of each count. */
  readonly #lastOf = new Map<number, number>();

  /** @param counts by slot; the caller raises them */
  constructor(private readonly counts: Float64Array) {
    this.#slots = Uint32Array.from(counts.keys()).sort((a, b) => this.#countOf(a) - this.#countOf(b));
    this.#positions = new Uint32Array(counts.length);
    this.#slots.forEach((slot, position) => {
      this.#positions[slot] = position;
      this.#lastOf.set(this.#countOf(slot), position);
    });
  }

  /** A slot with the least count. */
  get least(): number {
    return this.#slots[0] as number;
  }

  /** Moves a slot whose count is about to grow by 1. */
  raise(slot: number): void {
    const count = this.#countOf(slot);
    const last = this.#lastOf.get(count) as number;
    this.#place(this.#slots[last] as number, this.#positions[slot] as number);
    this.#place(slot, last);
    if (!this.#lastOf.has(count + 1)) this.#lastOf.set(count + 1, last);
    if (last > 0 && this.#countOf(this.#slots[last - 1] as number) === count)
      this.#lastOf.set(count, last - 1);
    else this.#lastOf.delete(count);
  }

  #place(slot: number, position: number): void {
    this.#slots[position] = slot;
    this.#positions[slot] = position;
  }

  #countOf(slot: number): number {
    return this.counts[slot] as number;
  }
}
