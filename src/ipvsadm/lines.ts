/**
 * Lines of a listing as the bytes that are written: a big table has hundreds of thousands, and a string for each field of
 * each of them would cost more than everything else.
 */
import type { Output } from '../context.js';
import { addressLength, type Family, formatAddress } from '../model/address.js';

/** Bytes to a write. */
const ENOUGH = 64 * 1024;
/** Room that a line finds without asking; more than any number takes. */
const ROOM = 512;

const BLANK = 0x20;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;

const encoder = new TextEncoder();

export class Lines {
  private bytes = new Uint8Array(ENOUGH);
  private length = 0;
  /** Where the line starts. */
  private start = 0;

  /** Starts a line behind what is there. */
  begin(): void {
    this.start = this.length;
    if (this.bytes.length - this.length < ROOM) this.grow(ROOM);
  }

  text(text: string): void {
    // Three bytes at most for what is one unit of a string.
    if (this.bytes.length - this.length < 3 * text.length + ROOM) this.grow(3 * text.length + ROOM);
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

  /** A whole number from 0 to 2^53. */
  number(value: number): void {
    const { bytes } = this;
    let digits = 1;
    for (let limit = 10; limit <= value; limit *= 10) digits++;
    let rest = value;
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const next = Math.floor(rest / 10);
      bytes[at] = ZERO + rest - next * 10;
      rest = next;
    }
    this.length += digits;
  }

  /** A whole number, right-aligned. */
  right(value: number, width: number): void {
    let digits = 1;
    for (let limit = 10; limit <= value; limit *= 10) digits++;
    for (let blanks = width - digits; blanks > 0; blanks--) this.blank();
    this.number(value);
  }

  /** The address that lies at `at` and a port: `192.0.2.1:80`, `[2001:db8::1]:80`. */
  endpoint(from: Uint8Array, at: number, family: Family, port: number): void {
    if (family === 'inet6') this.text(`[${formatAddress(from, at, family)}]`);
    else {
      this.number(from[at] as number);
      for (let i = 1; i < addressLength.inet; i++) {
        this.bytes[this.length++] = DOT;
        this.number(from[at + i] as number);
      }
    }
    this.bytes[this.length++] = COLON;
    this.number(port);
  }

  blank(): void {
    this.bytes[this.length++] = BLANK;
  }

  /** Blanks up to a column of the line. */
  pad(column: number): void {
    const { bytes } = this;
    const end = this.start + column;
    while (this.length < end) bytes[this.length++] = BLANK;
  }

  /** Column that the line has come to. */
  get column(): number {
    return this.length - this.start;
  }

  end(): void {
    this.bytes[this.length++] = 0x0a;
  }

  /** Writes all, in large pieces. */
  async writeTo(out: Output): Promise<void> {
    for (let at = 0; at < this.length; at += ENOUGH) {
      await out.write(this.bytes.subarray(at, Math.min(at + ENOUGH, this.length)));
    }
  }

  private grow(room: number): void {
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, this.length + room));
    bytes.set(this.bytes);
    this.bytes = bytes;
  }
}
