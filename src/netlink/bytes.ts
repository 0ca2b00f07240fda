/**
 * Bytes as netlink lays them out: integers in the machine's byte order, everything padded to 4 bytes. One growing buffer
 * takes a whole send, so that encoding a message allocates nothing.
 */
import { ProtocolError } from '../errors.js';

/** Netlink is a conversation within one machine: its integers are in that machine's order. */
export const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Netlink's alignment (NLMSG_ALIGN, NLA_ALIGN in linux/netlink.h): the next multiple of 4. */
export const align = (length: number): number => (length + 3) & ~3;

/**
 * Received bytes as words of 32 bits, which is how netlink's headers lie in them: reading one costs far less than a call.
 * A last word that is cut off is left out; bytes that do not start at a word are copied.
 */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
}

/** The 16 bits that come first, and those that come second, in a word. */
export const firstHalf = (word: number): number => (little ? word & 0xffff : word >>> 16);
export const secondHalf = (word: number): number => (little ? word >>> 16 : word & 0xffff);

const encoder = new TextEncoder();

/** A buffer that grows; `length` is the number of bytes written. */
export class Writer {
  private bytes: Uint8Array<ArrayBuffer>;
  private view: DataView;
  length = 0;

  constructor(capacity = 4096) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Starts with these bytes as written; `truncate` moves to the position of the next write. */
  static over(bytes: Uint8Array<ArrayBuffer>): Writer {
    const writer = new Writer(0);
    writer.bytes = bytes;
    writer.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    writer.length = bytes.length;
    return writer;
  }

  /** Drops all written bytes, and keeps the memory. */
  clear(): void {
    this.length = 0;
  }

  /** The written bytes: a view that the next write may change. */
  written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  /** Drops the bytes after `length`. */
  truncate(length: number): void {
    this.length = length;
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.reserve(2);
    this.view.setUint16(at, value, little);
  }

  u32(value: number): void {
    const at = this.reserve(4);
    this.view.setUint32(at, value, little);
  }

  u64(value: bigint): void {
    const at = this.reserve(8);
    this.view.setBigUint64(at, value, little);
  }

  /** Network byte order. */
  be16(value: number): void {
    const at = this.reserve(2);
    this.view.setUint16(at, value);
  }

  raw(value: Uint8Array): void {
    const at = this.reserve(value.length);
    this.bytes.set(value, at);
  }

  /** Text with the NUL that ends it. */
  cstring(value: string): void {
    this.raw(encoder.encode(value));
    this.u8(0);
  }

  zeros(count: number): void {
    const at = this.reserve(count);
    this.bytes.fill(0, at, at + count);
  }

  /** Zeros up to the next multiple of 4. */
  pad(): void {
    const missing = align(this.length) - this.length;
    if (missing > 0) this.zeros(missing);
  }

  /** Overwrites 2 bytes that were written before their value was known. */
  setU16(at: number, value: number): void {
    this.view.setUint16(at, value, little);
  }

  setU32(at: number, value: number): void {
    this.view.setUint32(at, value, little);
  }

  /** Makes room, which may replace `bytes` and `view`: call it before touching either. */
  private reserve(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) this.grow();
    return at;
  }

  private grow(): void {
    const bytes = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

function decodedUtf8(bytes: Uint8Array, at: number, end: number): string {
  const nul = bytes.indexOf(0, at);
  return new TextDecoder().decode(bytes.subarray(at, nul === -1 || nul > end ? end : nul));
}

/** A range of received bytes. Reading outside of it is a ProtocolError, never a wrong value. */
export class Reader {
  /** All of `bytes`, by words: the one at offset 4 is `words[1]`. */
  readonly words: Uint32Array;
  private lazyView: DataView | undefined;

  constructor(
    readonly bytes: Uint8Array,
    /** Where the range starts and ends, in bytes from the start of `bytes`. */
    readonly start = 0,
    readonly end = bytes.length,
  ) {
    if (start > end || end > bytes.length) {
      throw new ProtocolError(`range ${start} to ${end} lies outside of ${bytes.length} bytes`);
    }
    this.words = wordsOf(bytes);
  }

  /** Made when it is needed: most datagrams of a large dump are read by words alone. */
  private get view(): DataView {
    const { bytes } = this;
    this.lazyView ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.lazyView;
  }

  u8(at: number): number {
    return this.bytes[this.check(at, 1)] as number;
  }

  u16(at: number): number {
    return this.view.getUint16(this.check(at, 2), little);
  }

  u32(at: number): number {
    return this.view.getUint32(this.check(at, 4), little);
  }

  i32(at: number): number {
    return this.view.getInt32(this.check(at, 4), little);
  }

  u64(at: number): bigint {
    return this.view.getBigUint64(this.check(at, 8), little);
  }

  be16(at: number): number {
    const { bytes } = this;
    return ((bytes[this.check(at, 2)] as number) << 8) | (bytes[at + 1] as number);
  }

  /** A copy of the bytes from `at` up to `end`. */
  raw(at: number, end: number): Uint8Array {
    this.check(at, end - at);
    // Not slice(): a Buffer's would be a view, or another Buffer.
    return new Uint8Array(this.bytes.subarray(at, end));
  }

  /** Text up to the first NUL, or to `end` where the sender left the NUL out. */
  cstring(at: number, end: number): string {
    this.check(at, end - at);
    let text = '';
    for (let i = at; i < end; i++) {
      const code = this.bytes[i] as number;
      if (code === 0) break;
      // Names are short and ASCII; a decoder takes longer to be called than they take to be read.
      if (code > 0x7f) return decodedUtf8(this.bytes, at, end);
      text += String.fromCharCode(code);
    }
    return text;
  }

  private check(at: number, count: number): number {
    if (at < this.start || at + count > this.end || count < 0) {
      throw new ProtocolError(`expected ${count} bytes at offset ${at}, got ${Math.max(0, this.end - at)}`);
    }
    return at;
  }
}
