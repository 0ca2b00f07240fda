/**
 * Lines of a listing as the bytes that are written: a big table has hundreds of thousands, and a string for each field of
 * each of them would cost more than everything else.
 */
import type { Output } from '../../context.js';
import { addressLength, type Family, formatAddress } from '../../model/address.js';

/** Bytes to a write. */
const ENOUGH = 64 * 1024;
/** Room that a line finds without asking; more than any number takes. */
const ROOM = 512;

const BLANK = 0x20;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;

/**
 * What lines are full of, the numbers of one byte: up to three digits, blanks behind them, and how many digits there are, from
 * the lowest byte on. 0 where one has not been asked for: most runs write few, or none.
 */
const octets = new Int32Array(256);

function octet(value: number): number {
  if (octets[value] === 0) octets[value] = digitsOf(value);
  return octets[value] as number;
}

function digitsOf(value: number): number {
  const last = ZERO + (value % 10);
  const middle = ZERO + (Math.floor(value / 10) % 10);
  if (value < 10) return last | (BLANK << 8) | (BLANK << 16) | (1 << 24);
  if (value < 100) return middle | (last << 8) | (BLANK << 16) | (2 << 24);
  return (ZERO + Math.floor(value / 100)) | (middle << 8) | (last << 16) | (3 << 24);
}

const encoder = new TextEncoder();

export class Lines {
  /** Blank where nothing is written yet. */
  private bytes = new Uint8Array(ENOUGH).fill(BLANK);
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
    if (value > 0xff) this.long(value);
    else {
      const { bytes, length } = this;
      const written = octet(value);
      bytes[length] = written;
      bytes[length + 1] = written >> 8;
      bytes[length + 2] = written >> 16;
      this.length = length + (written >> 24);
    }
  }

  private long(value: number): void {
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
    this.length += Math.max(0, width - digits);
    this.number(value);
  }

  /** The address that lies at `at` and a port: `192.0.2.1:80`, `[2001:db8::1]:80`. */
  endpoint(from: Uint8Array, at: number, family: Family, port: number): void {
    if (family === 'inet6') this.text(`[${formatAddress(from, at, family)}]:`);
    else {
      for (let i = at; i < at + addressLength.inet; i++) {
        this.number(from[i] as number);
        this.bytes[this.length++] = DOT;
      }
      this.bytes[this.length - 1] = COLON;
    }
    this.number(port);
  }

  /** Bytes as they are, shorter than a line. */
  raw(from: Uint8Array): void {
    this.bytes.set(from, this.length);
    this.length += from.length;
  }

  blank(): void {
    this.length++;
  }

  /** Blanks up to a column of the line. */
  pad(column: number): void {
    this.length = Math.max(this.length, this.start + column);
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
    bytes.set(this.bytes.subarray(0, this.length));
    bytes.fill(BLANK, this.length);
    this.bytes = bytes;
  }
}
