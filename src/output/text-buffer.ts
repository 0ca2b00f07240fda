/** Lines that are gathered before they are written, as bytes: millions of strings that wait would make the heap grow. */
import type { Output } from '../context.js';

const FIRST = 128 * 1024;
/** Bytes of UTF-8 for a unit of a string, at most. */
const MOST = 3;

const BLANK = 0x20;

const utf8 = new TextEncoder();

export class TextBuffer {
  #bytes = new Uint8Array(FIRST);
  #length = 0;

  add(text: string): void {
    this.#reserve(MOST * text.length);
    if (this.#addAscii(text)) return;
    this.#length += utf8.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  /** Nearly all text is ASCII. Without a view of the buffer for each text the heap stays small. @returns false for any other text */
  #addAscii(text: string): boolean {
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code >= 0x80) return false;
      this.#bytes[this.#length + at] = code;
    }
    this.#length += text.length;
    return true;
  }

  /** Adds so many blanks. */
  blank(count: number): void {
    this.#reserve(count);
    this.#bytes.fill(BLANK, this.#length, this.#length + count);
    this.#length += count;
  }

  /** Writes what was gathered, and is empty again. */
  async flush(output: Output): Promise<void> {
    if (this.#length === 0) return;
    const ready = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    await output.write(ready);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * needed);
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
