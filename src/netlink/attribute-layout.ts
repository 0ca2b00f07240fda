/**
 * Where the attributes of a set lie in a reply, for those who want only some of them, of very many replies. The kernel lays
 * out the replies of a dump alike, so that the places found in one hold for the next as long as its headers are the same
 * words at the same places; each of them is compared, and nothing is decoded before it is asked for.
 *
 *     const places = new AttributeLayout(DestinationAttributes, ['port']);
 *     const weight = places.u32('weight');
 *     if (places.find(replies, start, end)) total += weight();
 */
import type { AttributeSet, FixedKind, Kind, Rows } from './attributes.js';
import { align, firstHalf, little, secondHalf } from './bytes.js';

/** Memory to read in, as bytes and as words; what is read lies in whole words of it. */
export interface Source {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

const HEADER = 4;
/** NLA_F_NESTED and NLA_F_NET_BYTEORDER are flags in the type. */
const TYPE_MASK = 0x3fff;
/** Upper halves below this make 64-bit numbers that a double holds exactly. */
const SAFE_HIGH = 2 ** 21;

export class AttributeLayout<R extends Rows = Rows> {
  bytes: Uint8Array = new Uint8Array(0);
  words: Uint32Array = new Uint32Array(0);
  /** Where the set's attributes start. */
  at = 0;
  /** Bytes that the set's attributes take. */
  private size = -1;
  /** By attribute type: where the payload starts, in bytes from `at`, and how long it is; 0 where there is none. */
  private readonly starts: Int32Array;
  private readonly lengths: Int32Array;
  /** The headers, and where each lies, in words from `at`. */
  private readonly headers: number[] = [];
  private readonly headerAt: number[] = [];

  constructor(
    private readonly set: AttributeSet<R>,
    /** What must be there. */
    private readonly needs: readonly (keyof R & string)[] = [],
  ) {
    const types = Object.values(set.rows).map(([type]) => type);
    this.starts = new Int32Array(Math.max(0, ...types) + 1);
    this.lengths = new Int32Array(this.starts.length);
  }

  /**
   * Finds the attributes between `at` and `end`. False where something is wrong with them: one does not fit, is too short
   * for what the table says it is, or is missing; the set's own `get` says what.
   */
  find({ bytes, words }: Source, at: number, end: number): boolean {
    this.bytes = bytes;
    this.words = words;
    this.at = at;
    return (end - at === this.size && this.isAlike()) || this.learn(end);
  }

  /** A reader of where an attribute's payload starts, in bytes; 0 where it is not there. */
  start(name: keyof R & string): () => number {
    const type = this.typeOf(name);
    return () => {
      const start = this.starts[type] as number;
      return start === 0 ? 0 : this.at + start;
    };
  }

  /** A reader of how long an attribute's payload is. */
  length(name: keyof R & string): () => number {
    const type = this.typeOf(name);
    return () => this.lengths[type] as number;
  }

  /** Readers of numbers; 0 where the attribute is not there. */
  u32(name: keyof R & string): () => number {
    const type = this.typeOf(name);
    return () => {
      const start = this.starts[type] as number;
      return start === 0 ? 0 : (this.words[(this.at + start) >> 2] as number);
    };
  }

  u16(name: keyof R & string): () => number {
    const word = this.u32(name);
    return () => firstHalf(word());
  }

  u8(name: keyof R & string): () => number {
    const start = this.start(name);
    return () => {
      const at = start();
      return at === 0 ? 0 : (this.bytes[at] as number);
    };
  }

  be16(name: keyof R & string): () => number {
    const start = this.start(name);
    return () => {
      const at = start();
      return at === 0 ? 0 : ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number);
    };
  }

  /** A reader of a counter of 4 or 8 bytes, as the table says; a bigint only where a number would not be exact. */
  counter(name: keyof R & string): () => number | bigint {
    if (sizeOf((this.set.rows[name] as R[keyof R])[1]) < 8) return this.u32(name);
    const start = this.start(name);
    return () => {
      const at = start();
      if (at === 0) return 0;
      const first = this.words[at >> 2] as number;
      const second = this.words[(at >> 2) + 1] as number;
      const high = little ? second : first;
      const low = little ? first : second;
      return high < SAFE_HIGH ? high * 2 ** 32 + low : (BigInt(high) << 32n) | BigInt(low);
    };
  }

  private isAlike(): boolean {
    const { words, headers, headerAt } = this;
    const from = this.at >> 2;
    for (let i = 0; i < headers.length; i++) {
      if (words[from + (headerAt[i] as number)] !== headers[i]) return false;
    }
    return true;
  }

  private learn(end: number): boolean {
    const { words, starts, lengths, headers, headerAt, at: from } = this;
    this.size = -1;
    starts.fill(0);
    lengths.fill(0);
    headers.length = 0;
    headerAt.length = 0;
    for (let at = from; at < end; ) {
      if (end - at < HEADER) return false;
      const header = words[at >> 2] as number;
      const length = firstHalf(header);
      if (length < HEADER || at + length > end) return false;
      const type = secondHalf(header) & TYPE_MASK;
      const known = this.set.find(type);
      if (known !== undefined) {
        if (length - HEADER < sizeOf(known[1])) return false;
        starts[type] = at + HEADER - from;
        lengths[type] = length - HEADER;
      }
      headers.push(header);
      headerAt.push((at - from) >> 2);
      at += align(length);
    }
    if (this.needs.some((name) => starts[this.typeOf(name)] === 0)) return false;
    this.size = end - from;
    return true;
  }

  private typeOf(name: keyof R & string): number {
    return (this.set.rows[name] as R[keyof R])[0];
  }
}

/** Bytes that an attribute of this kind takes at least. */
const sizeOf = (kind: Kind<unknown>): number => (kind as Partial<FixedKind<unknown>>).size ?? 0;
