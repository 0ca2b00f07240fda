/**
 * What may differ from line to line of a table: an address, or a number. A gap reads what a line has in its place, and
 * writes it to where the line's message has it.
 */
import type { AddressReader } from '../../model/address.js';
import type { Place } from '../../netlink/attribute-offset.js';
import { Writer } from '../../netlink/bytes.js';

export interface Gap {
  /** Reads what starts at `at`. @returns where it ends, or -1 if that is not plainly what belongs there */
  fill(lines: Uint8Array, at: number): number;
}

export class AddressGap implements Gap {
  constructor(
    private readonly read: AddressReader,
    private readonly message: Uint8Array,
    /** Where the message has the address. */
    private readonly place: number,
  ) {}

  fill(lines: Uint8Array, at: number): number {
    return this.read(lines, at, this.message, this.place);
  }
}

const ZERO = 48;
const NINE = 57;

/** Ten digits hold every number there is here, and none that would not be exact. */
const DIGITS = 10;

export class NumberGap implements Gap {
  private readonly to: Writer;
  /** What the message says now: most lines say the same again. */
  private written = -1;

  constructor(
    private readonly least: number,
    private readonly most: number,
    message: Uint8Array<ArrayBuffer>,
    /** All places that have the number; none where it means nothing. */
    private readonly places: readonly Place[],
  ) {
    this.to = Writer.over(message);
  }

  fill(lines: Uint8Array, at: number): number {
    let value = 0;
    let end = at;
    let code = lines[end] as number;
    while (code >= ZERO && code <= NINE) {
      value = value * 10 + code - ZERO;
      code = lines[++end] as number;
    }
    if (end === at || end - at > DIGITS || value < this.least || value > this.most) return -1;
    if (value !== this.written) this.write(value);
    return end;
  }

  private write(value: number): void {
    for (const { at, kind } of this.places) {
      this.to.truncate(at);
      kind.put(this.to, value);
    }
    this.written = value;
  }
}
