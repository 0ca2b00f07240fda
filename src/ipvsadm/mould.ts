/**
 * The shape that many lines of a table have, and the message that they come to. It is made of one line that the grammar
 * has understood, and of the message of that line's change; whatever has the same shape, but for numbers and addresses in
 * plain sight, needs no parsing: it asks for the same with other numbers.
 */
import type { Gap } from './gaps.js';

export class Mould {
  /** What stands before, between and behind the gaps, to the end of the line: one more than there are gaps. */
  private readonly texts: readonly Uint8Array[];

  constructor(
    readonly operation: string,
    /** The message of the line that filled the mould last. */
    readonly message: Uint8Array,
    texts: readonly string[],
    private readonly gaps: readonly Gap[],
  ) {
    this.texts = texts.map((text) => Buffer.from(text, 'latin1'));
  }

  /**
   * Fills the mould with the line that starts at `at`, if it is of this shape. Every line must be ended.
   * @returns where the next line starts, or -1 for one that does not fit; the message then is nobody's
   */
  fill(lines: Uint8Array, at: number): number {
    const { texts, gaps } = this;
    let next = at;
    for (let part = 0; ; part++) {
      const text = texts[part] as Uint8Array;
      for (let i = 0; i < text.length; i++) if (lines[next++] !== text[i]) return -1;
      if (part === gaps.length) return next;
      next = (gaps[part] as Gap).fill(lines, next);
      if (next < 0) return -1;
    }
  }
}
