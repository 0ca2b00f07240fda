/** Writes lines of a listing as bytes, in cells of fixed widths. */
import type { Output } from '../../context.js';
import type { Family } from '../../model/address.js';
import { putIpv4, putIpv6, putNumber } from '../../model/ascii.js';

/** Bytes that are written together. */
const CAPACITY = 64 * 1024;
/** Room for all parts of a line except its texts, which make room for themselves. */
const ROOM = 512;
/** Room at the start of a line, with which most texts need make none. */
const LINE = 4096;

const NEWLINE = 0x0a;
const BLANK = 0x20;
const ZERO = 0x30;
const COLON = 0x3a;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

const encoder = new TextEncoder();

export class LineWriter {
  /** Lines that are complete, in pieces: to make one long text of them would copy them again and again. */
  private full: { readonly bytes: Uint8Array<ArrayBuffer>; readonly length: number }[] = [];
  /** Memory of pieces that have been written. */
  private readonly spare: Uint8Array<ArrayBuffer>[] = [];
  /** Blank where nothing is written yet. */
  private bytes = new Uint8Array(CAPACITY).fill(BLANK);
  private length = 0;
  /** Where the current cell ends, unless its text is longer. */
  private cellEnd = 0;

  /** Starts a line with a cell of at least this many columns. */
  begin(width = 0): void {
    if (this.length + LINE > this.bytes.length) this.startPiece();
    this.cellEnd = this.length + width;
  }

  /** Ends the current cell; the next one stands one blank behind it. */
  cell(width = 0): void {
    const { length, cellEnd } = this;
    this.length = (length < cellEnd ? cellEnd : length) + 1;
    this.cellEnd = this.length + width;
  }

  /** Fills the current cell with blanks. */
  pad(): void {
    if (this.length < this.cellEnd) this.length = this.cellEnd;
  }

  /** Ends the line. */
  end(): void {
    this.pad();
    this.bytes[this.length++] = NEWLINE;
  }

  text(text: string): void {
    // At most three bytes for a UTF-16 unit.
    const room = 3 * text.length + ROOM;
    if (this.length + room > this.bytes.length) this.grow(room);
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.length = at + encoder.encodeInto(text.slice(i), bytes.subarray(at)).written;
        return;
      }
      bytes[at++] = code;
    }
    this.length = at;
  }

  /** The bytes from `start` to `end` as they are. */
  copy(from: Uint8Array, start: number, end: number): void {
    const room = end - start + ROOM;
    if (this.length + room > this.bytes.length) this.grow(room);
    const { bytes } = this;
    let at = this.length;
    for (let i = start; i < end; i++) bytes[at++] = from[i] as number;
    this.length = at;
  }

  /** A whole number from 0 to 2^53. */
  number(value: number): void {
    this.length = putNumber(this.bytes, this.length, value);
  }

  /** A whole number of at most this many digits, right-aligned. */
  right(value: number, width: number): void {
    let digits = 1;
    for (let limit = 10; limit <= value; limit *= 10) digits++;
    this.length += width - digits;
    this.number(value);
  }

  /** Minutes and seconds: `01:57`. */
  minutes(seconds: number): void {
    const { bytes } = this;
    const minutes = Math.floor(seconds / 60);
    let at = this.length;
    if (minutes < 10) bytes[at++] = ZERO;
    at = putNumber(bytes, at, minutes);
    bytes[at++] = COLON;
    const rest = seconds - 60 * minutes;
    if (rest < 10) bytes[at++] = ZERO;
    this.length = putNumber(bytes, at, rest);
  }

  /** The address that lies at `at` and a port: `192.0.2.1:80`, `[2001:db8::1]:80`. */
  endpoint(from: Uint8Array, at: number, family: Family, port: number): void {
    const { bytes } = this;
    let next = this.length;
    if (family === 'inet') next = putIpv4(bytes, next, from, at);
    else {
      bytes[next] = OPENING_BRACKET;
      next = putIpv6(bytes, next + 1, from, at);
      bytes[next++] = CLOSING_BRACKET;
    }
    bytes[next] = COLON;
    this.length = putNumber(bytes, next + 1, port);
  }

  /** Writes the gathered lines. */
  async flush(out: Output): Promise<void> {
    for (const { bytes, length } of this.full) {
      await out.write(bytes.subarray(0, length));
      this.spare.push(bytes.fill(BLANK, 0, length));
    }
    this.full = [];
    if (this.length === 0) return;
    await out.write(this.bytes.subarray(0, this.length));
    this.bytes.fill(BLANK, 0, this.length);
    this.length = 0;
  }

  private startPiece(): void {
    this.full.push({ bytes: this.bytes, length: this.length });
    this.bytes = this.spare.pop() ?? new Uint8Array(CAPACITY).fill(BLANK);
    this.length = 0;
  }

  private grow(room: number): void {
    const bytes = new Uint8Array(2 * this.bytes.length + room);
    bytes.set(this.bytes.subarray(0, this.length));
    bytes.fill(BLANK, this.length);
    this.bytes = bytes;
  }
}
