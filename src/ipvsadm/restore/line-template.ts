/**
 * A rule line with slots for its addresses and numbers, and the message of that line with the same values at known offsets. A
 * line that differs from the template in its slots alone needs no parsing: its message differs in the same values.
 */
import type { Slot } from './slot.js';

/** Marks a slot in the pattern. Never a byte of the line, which is ASCII. */
const SLOT = 0x80;

export class LineTemplate {
  /** The bytes of the line, its newline included, with a mark for each slot. */
  private readonly pattern: Uint8Array;

  constructor(
    readonly operation: string,
    /** The message of the line that matched last. */
    readonly message: Uint8Array,
    /** The text before, between and after the slots, in ASCII: one more than there are slots. */
    texts: readonly string[],
    private readonly slots: readonly Slot[],
  ) {
    this.pattern = Buffer.from(texts.join(String.fromCharCode(SLOT)), 'latin1');
  }

  /**
   * Matches the line at `at`, and writes its values into the message. Every line must end in a newline.
   * @returns offset of the next line, or -1 if the line does not match, which leaves the message undefined
   */
  match(lines: Uint8Array, at: number): number {
    const { pattern } = this;
    let next = at;
    for (let i = 0, slot = 0; i < pattern.length; i++) {
      const expected = pattern[i];
      if (expected !== SLOT) {
        if (lines[next++] !== expected) return -1;
      } else {
        next = (this.slots[slot++] as Slot).match(lines, next);
        if (next < 0) return -1;
      }
    }
    return next;
  }
}
