/**
 * Offsets of the attributes in a message: to read a few attributes of many messages, and to change one in place.
 *
 *     const layout = new AttributeLayout(DestinationAttributes, ['port']);
 *     layout.find(reader, start, end);
 *     const port = reader.be16(layout.start(2));
 */
import { ProtocolError } from '../errors.js';
import {
  AttributeCursor,
  type AttributeSet,
  type FixedKind,
  type Kind,
  nestedSet,
  type Rows,
} from './attributes.js';
import { Reader } from './bytes.js';

export class AttributeLayout<R extends Rows = Rows> {
  private readonly attributes: AttributeCursor;
  /** Where the attributes start, in the reader. */
  private base = 0;
  /** Bytes of all attributes; -1 before the first ones were found. */
  private length = -1;
  /** The header of each attribute, and its place, both in words: the place from `base` on. */
  private readonly headers: number[] = [];
  private readonly places: number[] = [];
  /** By attribute type: where the payload starts (0: the attribute is absent) and ends, in bytes from `base` on. */
  private readonly starts: Int32Array;
  private readonly ends: Int32Array;
  /** By attribute type: bytes that the payload has at least. */
  private readonly sizes: Int32Array;

  constructor(
    private readonly set: AttributeSet<R>,
    /** Required attributes. */
    private readonly needs: readonly (keyof R & string)[] = [],
  ) {
    const rows = Object.values(set.rows);
    this.starts = new Int32Array(Math.max(0, ...rows.map(([type]) => type)) + 1);
    this.ends = new Int32Array(this.starts.length);
    this.sizes = new Int32Array(this.starts.length);
    for (const [type, kind] of rows) this.sizes[type] = sizeOf(kind);
    this.attributes = new AttributeCursor(nothing);
  }

  /**
   * Finds the attributes between `at` and `last`. Of a duplicate the last one counts.
   * @throws ProtocolError for an attribute that does not fit or is too short for its kind, or a required one that is missing
   */
  find(from: Reader, at: number, last: number): void {
    if (!this.repeats(from.words, at >> 2, last - at)) this.walk(from, at, last);
    this.base = at;
  }

  has(type: number): boolean {
    return this.starts[type] !== 0;
  }

  /** Where the payload of the attribute of this type starts; 0 if it is absent. */
  start(type: number): number {
    const start = this.starts[type] as number;
    return start === 0 ? 0 : this.base + start;
  }

  /** Where it ends, if it is there. */
  end(type: number): number {
    return this.base + (this.ends[type] as number);
  }

  /** Whether these attributes lie as those before: nearly all messages of a dump do. */
  private repeats(words: Uint32Array, base: number, length: number): boolean {
    if (length !== this.length) return false;
    const { headers, places } = this;
    for (let i = 0; i < headers.length; i++) {
      if (words[base + (places[i] as number)] !== headers[i]) return false;
    }
    return true;
  }

  private walk(from: Reader, at: number, last: number): void {
    const { attributes, headers, places, starts, ends, sizes } = this;
    this.length = -1;
    headers.length = 0;
    places.length = 0;
    starts.fill(0);
    attributes.reset(from, at, last);
    while (attributes.next()) {
      const { type, start, end } = attributes;
      const header = (start >> 2) - 1;
      headers.push(from.words[header] as number);
      places.push(header - (at >> 2));
      if (type >= starts.length) continue;
      if (end - start < (sizes[type] as number)) throw this.tooShort(type, end - start);
      starts[type] = start - at;
      ends[type] = end - at;
    }
    for (const name of this.needs) {
      if (!this.has((this.set.rows[name] as R[keyof R])[0])) throw new ProtocolError('missing', [name]);
    }
    this.length = last - at;
  }

  private tooShort(type: number, length: number): ProtocolError {
    const [name = ''] = this.set.find(type) ?? [];
    return new ProtocolError(`expected ${this.sizes[type]} bytes, got ${length}`, [name]);
  }
}

const nothing = new Reader(new Uint8Array(0));

/** Least bytes of an attribute of this kind. */
const sizeOf = (kind: Kind<unknown>): number => (kind as Partial<FixedKind<unknown>>).size ?? 0;

/** The value of an attribute in a message. */
export interface Place {
  /** Offset of the payload. */
  readonly at: number;
  /** Replaces the value, if values of this kind have one size. */
  readonly kind: Kind<unknown>;
}

/**
 * Finds an attribute among those between `start` and `end`.
 * @param path names of attributes, each within the one before
 * @returns undefined where the message does not have it
 */
export function findAttribute(
  set: AttributeSet,
  [name = '', ...within]: readonly string[],
  from: Reader,
  start: number,
  end: number,
): Place | undefined {
  const [type, kind] = set.rows[name] ?? [];
  if (kind === undefined) return undefined;
  let found: Place | undefined;
  const inner = nestedSet(kind);
  const attributes = new AttributeCursor(from, start, end);
  while (attributes.next()) {
    if (attributes.type !== type) continue;
    if (within.length === 0) found = { at: attributes.start, kind };
    else if (inner) found = findAttribute(inner, within, from, attributes.start, attributes.end);
  }
  return found;
}
