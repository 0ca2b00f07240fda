/**
 * Netlink attributes as tables: a set maps names to rows of [type number, kind], and the TypeScript type of the decoded
 * object follows from the table. A kind owns its behaviour; nothing switches over kinds.
 *
 *     const Dest = attributeSet('dest', { port: [2, be16], weight: [4, u32] });
 *     type Dest = Infer<typeof Dest>; // { port?: number; weight?: number }
 *
 * Source: linux/netlink.h (struct nlattr), Documentation/userspace-api/netlink/intro.rst.
 */
import { ProtocolError, ValueError } from '../errors.js';
import { align, firstHalf, type Reader, secondHalf, type Writer } from './bytes.js';

/** The encoding of one kind of value in an attribute's payload. */
export interface Kind<T> {
  readonly name: string;
  /** A noun phrase of what would be right, if `value` does not fit; absent in kinds that take every value. */
  refuse?(value: T): string | undefined;
  put(to: Writer, value: T): void;
  /** Reads the payload that spans `at` to `end`. */
  get(from: Reader, at: number, end: number): T;
  /** How a trace prints a value, which may depend on the attributes beside it; String(value) where left out. */
  show?(value: T, beside: Readonly<Record<string, unknown>>): string;
}

/** A kind that always takes the same room, so that it may be a member of a structure. */
export interface FixedKind<T> extends Kind<T> {
  /** Bytes. */
  readonly size: number;
}

/** Attribute type number, as the kernel's header gives it, and what its payload is. */
export type Row = readonly [type: number, kind: Kind<unknown>];
export type Rows = Readonly<Record<string, Row>>;

/** The decoded form of a set of attributes. Every attribute may be missing: kernels differ. */
export type Infer<S> = S extends AttributeSet<infer R> ? Values<R> : never;
type Values<R extends Rows> = {
  readonly [K in keyof R]?: R[K] extends readonly [number, Kind<infer T>] ? T | undefined : never;
};

const HEADER = 4;
/** The length in the header counts header and payload in 16 bits. */
const MAX_PAYLOAD = 0xffff - HEADER;
/** NLA_F_NESTED and NLA_F_NET_BYTEORDER are flags in the type. */
const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;

/** Goes through attributes without an object for each: its fields describe the one that `next` came to. */
export class AttributeCursor {
  type = 0;
  /** The payload, without header and padding, as offsets in the reader. */
  start = 0;
  end = 0;
  private words: Uint32Array;

  /** @param at where the attributes start, a multiple of 4 as netlink aligns everything; they end at `last` */
  constructor(
    from: Reader,
    private at = from.start,
    private last = from.end,
  ) {
    this.words = from.words;
  }

  /** Starts again with other attributes. */
  reset(from: Reader, at: number, last: number): void {
    this.words = from.words;
    this.at = at;
    this.last = last;
  }

  /** Goes on to the next attribute; false at the end. @throws ProtocolError for a header that is cut off or lies */
  next(): boolean {
    const { at, last } = this;
    if (at >= last) return false;
    if (last - at < HEADER)
      throw new ProtocolError(`${last - at} bytes left where an attribute header takes 4`);
    const header = this.words[at >> 2] as number;
    const length = firstHalf(header);
    if (length < HEADER || at + length > last) {
      throw new ProtocolError(
        `attribute length ${length} at offset ${at}, where 4 to ${last - at} would fit`,
      );
    }
    this.type = secondHalf(header) & TYPE_MASK;
    this.start = at + HEADER;
    this.end = at + length;
    this.at = at + align(length);
    return true;
  }
}

export class AttributeSet<R extends Rows = Rows> {
  /** By attribute type, which are small numbers: holes where this table knows none. */
  private readonly byType: (readonly [name: string, kind: Kind<unknown>] | undefined)[] = [];
  private readonly entries: readonly (readonly [name: string, type: number, kind: Kind<unknown>])[];

  constructor(
    readonly name: string,
    readonly rows: R,
  ) {
    this.entries = Object.entries(rows).map(([row, [type, kind]]) => [row, type, kind]);
    for (const [row, type, kind] of this.entries) this.byType[type] = [row, kind];
  }

  /** The name and kind of an attribute type; undefined where this table does not know it. */
  find(type: number): readonly [name: string, kind: Kind<unknown>] | undefined {
    return this.byType[type];
  }

  /**
   * Writes every attribute that `values` has, in the table's order.
   * @throws ValueError for a value that its attribute cannot hold
   */
  put(to: Writer, values: Values<R>): void {
    for (const [name, type, kind] of this.entries) {
      const value = (values as Readonly<Record<string, unknown>>)[name];
      if (value === undefined) continue;
      const expected = kind.refuse?.(value);
      if (expected !== undefined) throw new ValueError(name, String(value), expected);
      putAttribute(to, type, kind, value);
    }
  }

  /**
   * Reads the attributes between `at` and `end`; those that the table does not know are passed over.
   * @throws ProtocolError whose path starts at this set.
   */
  get(from: Reader, at: number, end: number): Values<R> {
    const values: Record<string, unknown> = {};
    const attributes = new AttributeCursor(from, at, end);
    while (attributes.next()) {
      const known = this.byType[attributes.type];
      if (known === undefined) continue;
      const [name, kind] = known;
      try {
        values[name] = kind.get(from, attributes.start, attributes.end);
      } catch (error) {
        throw error instanceof ProtocolError ? error.within(name) : error;
      }
    }
    return values as Values<R>;
  }
}

export const attributeSet = <R extends Rows>(name: string, rows: R): AttributeSet<R> =>
  new AttributeSet(name, rows);

function putAttribute(to: Writer, type: number, kind: Kind<unknown>, value: unknown): void {
  const at = to.length;
  to.u16(0);
  to.u16(kind instanceof NestedKind ? type | NESTED : type);
  kind.put(to, value);
  to.setU16(at, to.length - at);
  to.pad();
}

/** Reads a payload of fixed size. A longer one is accepted (newer kernels append to structures), a shorter one never. */
export const sized =
  <T>(size: number, get: (from: Reader, at: number) => T): Kind<T>['get'] =>
  (from, at, end) => {
    if (end - at < size) throw new ProtocolError(`expected ${size} bytes, got ${end - at}`);
    return get(from, at);
  };

function integer(
  name: string,
  size: number,
  put: (to: Writer, value: number) => void,
  get: (from: Reader, at: number) => number,
): FixedKind<number> {
  const max = 2 ** (8 * size) - 1;
  return {
    name,
    size,
    refuse: (value) =>
      Number.isInteger(value) && value >= 0 && value <= max ? undefined : `a whole number from 0 to ${max}`,
    put,
    get: sized(size, get),
  };
}

export const u8 = integer(
  'u8',
  1,
  (to, value) => to.u8(value),
  (from, at) => from.u8(at),
);
export const u16 = integer(
  'u16',
  2,
  (to, value) => to.u16(value),
  (from, at) => from.u16(at),
);
export const u32 = integer(
  'u32',
  4,
  (to, value) => to.u32(value),
  (from, at) => from.u32(at),
);
export const be16 = integer(
  'be16',
  2,
  (to, value) => to.be16(value),
  (from, at) => from.be16(at),
);
const U64_MAX = 0xffff_ffff_ffff_ffffn;

export const u64: FixedKind<bigint> = {
  name: 'u64',
  size: 8,
  refuse: (value) => (value >= 0n && value <= U64_MAX ? undefined : `a whole number from 0 to ${U64_MAX}`),
  put: (to, value) => to.u64(value),
  get: sized(8, (from, at) => from.u64(at)),
};

/** Text, which the kernel wants ended by a NUL. */
export const cstring: Kind<string> = {
  name: 'string',
  refuse: (value) => (value.includes('\0') ? 'text without NUL' : undefined),
  put: (to, value) => to.cstring(value),
  get: (from, at, end) => from.cstring(at, end),
  show: (value) => JSON.stringify(value),
};

/** `0a 0b 0c`; of many only the first. */
export function hexDump(value: Uint8Array): string {
  const shown = Array.from(value.subarray(0, 64), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return value.length > 64 ? `${shown} ... (${value.length} bytes)` : shown;
}

/** Bytes that the caller interprets. */
export const bytes: Kind<Uint8Array> = {
  name: 'bytes',
  refuse: (value) => (value.length > MAX_PAYLOAD ? `at most ${MAX_PAYLOAD} bytes` : undefined),
  put: (to, value) => to.raw(value),
  get: (from, at, end) => from.raw(at, end),
  show: hexDump,
};

class NestedKind<R extends Rows> implements Kind<Values<R>> {
  readonly name: string;
  constructor(readonly set: AttributeSet<R>) {
    this.name = set.name;
  }
  put(to: Writer, value: Values<R>): void {
    this.set.put(to, value);
  }
  get(from: Reader, at: number, end: number): Values<R> {
    return this.set.get(from, at, end);
  }
}

/** Attributes within an attribute. */
export const nested = <R extends Rows>(set: AttributeSet<R>): Kind<Values<R>> => new NestedKind(set);

/** The set that a kind nests, for a walk without decoding. */
export const nestedSet = (kind: Kind<unknown>): AttributeSet | undefined =>
  kind instanceof NestedKind ? kind.set : undefined;
