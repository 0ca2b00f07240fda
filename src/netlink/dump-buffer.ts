/**
 * The replies of a dump as the bytes they came in, one after another in one buffer that serves dump after dump: to be read
 * when all are there, in any order, and only as far as somebody wants to know.
 */
import { align, Reader } from './bytes.js';
import type { MessageCursor } from './message.js';

export class DumpBuffer {
  /** Good until the next reply is added. */
  bytes = new Uint8Array(16 * 1024);
  /** The same as words: what lies at the byte `at` is at `at / 4`. */
  words = new Uint32Array(this.bytes.buffer);
  private length = 0;
  /** How many replies there are. */
  count = 0;
  /** Where each reply's payload starts and ends; what is behind `count` is of the past. */
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  /** Whose datagram was copied last, and where to. */
  private last: MessageCursor | undefined;
  private base = 0;

  start(index: number): number {
    return this.starts[index] as number;
  }

  end(index: number): number {
    return this.ends[index] as number;
  }

  /** One reply's payload, for who reads it all. */
  payload(index: number): Reader {
    return new Reader(this.bytes, this.start(index), this.end(index));
  }

  /** Drops the replies from the one at `count` on. */
  truncate(count: number): void {
    // The bytes between this reply and the next are headers.
    this.length = count === 0 ? 0 : align(this.end(count - 1));
    this.count = count;
    this.last = undefined;
  }

  /** Adds the message that the cursor came to; what the datagram holds is copied once. */
  add(message: MessageCursor): void {
    if (message !== this.last) this.copy(message);
    this.starts[this.count] = this.base + message.start;
    this.ends[this.count++] = this.base + message.end;
  }

  private copy(from: MessageCursor): void {
    const { datagram } = from;
    this.base = this.length;
    this.length += align(datagram.length);
    if (this.length > this.bytes.length) this.grow();
    this.bytes.set(datagram, this.base);
    this.last = from;
  }

  private grow(): void {
    const bytes = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.base));
    this.bytes = bytes;
    this.words = new Uint32Array(bytes.buffer);
  }
}
