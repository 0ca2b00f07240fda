/**
 * The slots of a line template: parts of the line that may differ, an address or a number. A slot reads its value from the
 * bytes of a line and writes it into the template's message.
 */
import type { AddressReader } from '../../model/address.js';
import type { Range } from '../../model/limits.js';
import type { Place } from '../../netlink/attribute-layout.js';
import { Writer } from '../../netlink/bytes.js';

export interface Slot {
  /** Copies the value at `at` into the message. @returns where the value ends, or -1 if there is no value of this slot's form */
  match(lines: Uint8Array, at: number): number;
}

export class AddressSlot implements Slot {
  constructor(
    private readonly read: AddressReader,
    private readonly message: Uint8Array,
    /** Offset of the address in the message. */
    private readonly offset: number,
  ) {}

  match(lines: Uint8Array, at: number): number {
    return this.read(lines, at, this.message, this.offset);
  }
}

const ZERO = 48;
const NINE = 57;

/** 10 digits cover 32 bits, and are exact in a number. */
const MAX_DIGITS = 10;

export class NumberSlot implements Slot {
  private readonly to: Writer;
  /** The number in the message: most lines repeat the number of the line before. */
  private written = -1;

  constructor(
    private readonly range: Range,
    message: Uint8Array<ArrayBuffer>,
    /** The attributes that hold the number; none for a number that the command ignores. */
    private readonly places: readonly Place[],
  ) {
    this.to = Writer.over(message);
  }

  match(lines: Uint8Array, at: number): number {
    let value = 0;
    let end = at;
    let code = lines[end] as number;
    while (code >= ZERO && code <= NINE) {
      value = value * 10 + code - ZERO;
      code = lines[++end] as number;
    }
    const { min, max } = this.range;
    if (end === at || end - at > MAX_DIGITS || value < min || value > max) return -1;
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
