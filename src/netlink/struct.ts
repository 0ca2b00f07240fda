/** C structures as tables. Messages of the older netlink protocols begin with one, before the attributes. */
import { ProtocolError } from '../errors.js';
import type { FixedKind } from './attributes.js';
import type { Reader, Writer } from './bytes.js';

export type Fields = Readonly<Record<string, FixedKind<number>>>;
export type FieldValues<F extends Fields> = { readonly [K in keyof F]: number };

export class Struct<F extends Fields> {
  /** Bytes. */
  readonly size: number;
  private readonly entries: readonly (readonly [keyof F & string, FixedKind<number>])[];

  constructor(
    readonly name: string,
    fields: F,
  ) {
    this.entries = Object.entries(fields);
    this.size = this.entries.reduce((sum, [, kind]) => sum + kind.size, 0);
  }

  /** Writes every field; those that `values` leaves out are 0. */
  put(to: Writer, values: Partial<FieldValues<F>>): void {
    for (const [name, kind] of this.entries) kind.put(to, values[name] ?? 0);
  }

  /** @throws ProtocolError where the structure does not fit before `end` */
  get(from: Reader, at: number, end: number): FieldValues<F> {
    if (end - at < this.size) {
      throw new ProtocolError(`expected ${this.size} bytes, got ${end - at}`, [this.name]);
    }
    const values = {} as Record<keyof F, number>;
    let offset = at;
    for (const [name, kind] of this.entries) {
      values[name] = kind.get(from, offset, end);
      offset += kind.size;
    }
    return values;
  }
}

/** A structure whose fields lie one after another; padding is a field like any other. */
export const struct = <F extends Fields>(name: string, fields: F): Struct<F> => new Struct(name, fields);
