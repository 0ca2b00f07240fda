/**
 * Requests in one buffer, fully encoded except message type (the family's id in this kernel), sequence numbers and port id. So they can
 * be written before a socket is open.
 */
import { Writer } from './bytes.js';
import { begin, Flag, finish } from './message.js';

/** Most messages in one send. */
const SEND_MESSAGES = 512;
const SEND_BYTES = 64 * 1024;

/**
 * Memory of one refusal in the receive buffer: a socket buffer with its header, and the echo of the request, rounded up to a power of
 * two. A send is so small that no answer is lost even if every message of it fails.
 */
const refusalCost = (requestBytes: number): number => 1024 + 2 * requestBytes;

/** Where the fields of struct nlmsghdr lie. */
const TYPE = 4;
const FLAGS = 6;
const SEQUENCE = 8;
const PORT = 12;

export class Batch {
  private readonly to: Writer;
  private readonly operations: string[] = [];
  /** Where each message ends. */
  private readonly ends: number[] = [];

  /** @param capacity bytes to begin with */
  constructor(capacity = 8192) {
    this.to = new Writer(capacity);
  }

  /** Number of requests. */
  get count(): number {
    return this.ends.length;
  }

  /** Adds a request, whose payload `put` writes. If `put` throws, the batch is unchanged. */
  add(operation: string, put: (to: Writer) => void): void {
    const at = begin(this.to, { type: 0, flags: Flag.request, sequence: 0, port: 0 });
    try {
      put(this.to);
    } catch (error) {
      this.to.truncate(at);
      throw error;
    }
    finish(this.to, at);
    this.operations.push(operation);
    this.ends.push(this.to.length);
  }

  /** Adds a request as `message` gave it, or with other values in the same places. */
  addCopy(operation: string, message: Uint8Array): void {
    this.to.raw(message);
    this.operations.push(operation);
    this.ends.push(this.to.length);
  }

  /** A copy of a request: its message as `addCopy` takes it. */
  message(index: number): Uint8Array<ArrayBuffer> {
    return this.part(index, index + 1).slice();
  }

  /** The operation of a request. */
  operation(index: number): string {
    return this.operations[index] as string;
  }

  /**
   * How far one send goes that starts with the request at `from`: at least to the next one.
   * @param room bytes of kernel memory for the answers
   * @param largest bytes of the largest datagram that the kernel takes
   */
  sendEnd(from: number, room: number, largest: number): number {
    const start = this.start(from);
    const bytes = Math.min(largest, SEND_BYTES);
    let left = room;
    let next = from;
    for (; next < this.count && next - from < SEND_MESSAGES; next++) {
      const end = this.ends[next] as number;
      left -= refusalCost(end - this.start(next));
      if (next > from && (left < 0 || end - start > bytes)) break;
    }
    return next;
  }

  /**
   * Fills in message type, sequence numbers and port id of the requests from `from` up to `to`.
   * @param sequence of the first; the others count up
   */
  address(from: number, to: number, type: number, sequence: number, port: number): void {
    const { to: writer, ends } = this;
    let at = this.start(from);
    for (let index = from; index < to; index++) {
      writer.setU16(at + TYPE, type);
      writer.setU32(at + SEQUENCE, (sequence + index - from) >>> 0);
      writer.setU32(at + PORT, port);
      at = ends[index] as number;
    }
  }

  /** Makes the kernel acknowledge a request that it carries out. */
  acknowledge(index: number): void {
    this.to.setU16(this.start(index) + FLAGS, Flag.request | Flag.ack);
  }

  /** The bytes of the requests from `from` up to `to`: a view, good until the next one is added. */
  part(from: number, to: number): Uint8Array<ArrayBuffer> {
    return this.to.written().subarray(this.start(from), this.start(to));
  }

  private start(index: number): number {
    return index === 0 ? 0 : (this.ends[index - 1] as number);
  }
}
