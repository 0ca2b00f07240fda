/** Lines that are gathered before they are written, as bytes: millions of strings that wait would make the heap grow. */
import type { Output } from '../context.js';

const FIRST = 128 * 1024;
/** Bytes of UTF-8 for a unit of a string, at most. */
const MOST = 3;

const utf8 = new TextEncoder();

export class TextBuffer {
  #bytes = new Uint8Array(FIRST);
  #length = 0;

  add(text: string): void {
    const needed = this.#length + MOST * text.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(2 * needed);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#length += utf8.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  /** Writes what was gathered, and is empty again. */
  async flush(output: Output): Promise<void> {
    if (this.#length === 0) return;
    const ready = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    await output.write(ready);
  }
}
