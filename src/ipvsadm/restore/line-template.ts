/**
 * The shape that many lines of a table have, and the message that they come to. It is made of one line that the grammar
 * has understood, and of the message of that line's change; whatever has the same shape, but for numbers and addresses in
 * plain sight, needs no parsing: it asks for the same with other numbers.
 */
import type { Gap } from './slot.js';

/** Stands in a pattern where a gap is: no byte of a text in ASCII. */
const GAP = 0x80;

export class Mould {
  /** The bytes of the line, its end among them, and a byte for each gap. */
  private readonly pattern: Uint8Array;

  constructor(
    readonly operation: string,
    /** The message of the line that filled the mould last. */
    readonly message: Uint8Array,
    /** What stands before, between and behind the gaps, in ASCII: one more than there are gaps. */
    texts: readonly string[],
    private readonly gaps: readonly Gap[],
  ) {
    this.pattern = Buffer.from(texts.join(String.fromCharCode(GAP)), 'latin1');
  }

  /**
   * Fills the mould with the line that starts at `at`, if it is of this shape. Every line must be ended.
   * @returns where the next line starts, or -1 for one that does not fit; the message then is nobody's
   */
  fill(lines: Uint8Array, at: number): number {
    const { pattern } = this;
    let next = at;
    for (let i = 0, gap = 0; i < pattern.length; i++) {
      const wanted = pattern[i];
      if (wanted !== GAP) {
        if (lines[next++] !== wanted) return -1;
      } else {
        next = (this.gaps[gap++] as Gap).fill(lines, next);
        if (next < 0) return -1;
      }
    }
    return next;
  }
}
