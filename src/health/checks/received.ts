/** An answer as it comes: a server may send it byte by byte, and each byte must cost the same, however many there were before. */

/** Bytes of an answer that a check reads. */
export const ANSWER_LIMIT = 65_536;

const FIRST = 1024;

export class Received {
  private buffer = Buffer.allocUnsafe(FIRST);
  private length = 0;

  /** Adds bytes, up to the limit; those beyond it are dropped. @returns the offset of the first one */
  add(chunk: Buffer): number {
    const from = this.length;
    const length = Math.min(from + chunk.length, ANSWER_LIMIT);
    if (length > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.buffer.length));
      this.buffer.copy(larger, 0, 0, from);
      this.buffer = larger;
    }
    chunk.copy(this.buffer, from, 0, length - from);
    this.length = length;
    return from;
  }

  /** All bytes. */
  get bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  get isFull(): boolean {
    return this.length === ANSWER_LIMIT;
  }
}
