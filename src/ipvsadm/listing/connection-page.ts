/**
 * A part of a listing of connections, as bytes: half a million lines by number are written without a string or an object
 * for any of them. What is not by number, or not plain, is text like all else.
 */
import type { Output } from '../../context.js';
import { padTo, putDecimal } from '../../ipvs/connections/ascii.js';
import type { ConnectionLine } from '../../ipvs/connections/proc.js';

/** More than the lines that 256 KiB of the kernel's make. */
const CAPACITY = 512 * 1024;
/** More than any line takes: the reader lets none of the kernel's be longer than 16 KiB. */
const LINE = 20 * 1024;

const NEWLINE = 0x0a;
const COLON = 0x3a;

/** What {@link remaining} can write in bytes: more minutes than that are text. */
const MOST_SECONDS = 60 * 65536;

export class ConnectionPage {
  private bytes = new Uint8Array(CAPACITY);
  private length = 0;

  constructor(private readonly out: Output) {}

  text(text: string): void {
    this.reserve(3 * text.length);
    this.length += utf8.encodeInto(text, this.bytes.subarray(this.length)).written;
  }

  /** A line of `-L -c -n`; false, and nothing written, for the odd one that text must be made of. */
  connection(line: ConnectionLine): boolean {
    this.reserve(LINE);
    const end = line.expires < MOST_SECONDS ? putConnection(this.bytes, this.length, line) : -1;
    if (end < 0) return false;
    this.length = end;
    return true;
  }

  /** Writes what was gathered. */
  flush(): Promise<void> | void {
    const bytes = this.bytes.subarray(0, this.length);
    this.length = 0;
    return bytes.length === 0 ? undefined : this.out.write(bytes);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = new Uint8Array(2 * this.bytes.length + count);
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

const utf8 = new TextEncoder();

/** Columns are as wide as ipvsadm's, or wider where something does not fit; one space stands between them. */
function putConnection(out: Uint8Array, start: number, line: ConnectionLine): number {
  const protocol = line.putProtocol(out, start);
  if (protocol < 0) return -1;
  let at = padTo(out, protocol, start + 3);
  at = padTo(out, remaining(out, padTo(out, at, at + 1), line.expires), at + 7);
  const state = line.putState(out, padTo(out, at, at + 1));
  if (state < 0) return -1;
  at = padTo(out, state, at + 12);
  at = padTo(out, line.client.put(out, padTo(out, at, at + 1)), at + 19);
  at = padTo(out, line.virtual.put(out, padTo(out, at, at + 1)), at + 19);
  at = line.destination.put(out, padTo(out, at, at + 1));
  out[at] = NEWLINE;
  return at + 1;
}

/** Minutes and seconds: `01:57`. */
function remaining(out: Uint8Array, start: number, expires: number): number {
  const minutes = (expires / 60) | 0;
  const at = twoDigits(out, start, minutes);
  out[at] = COLON;
  return twoDigits(out, at + 1, expires - 60 * minutes);
}

function twoDigits(out: Uint8Array, start: number, value: number): number {
  if (value >= 10) return putDecimal(out, start, value);
  out[start] = 0x30;
  return putDecimal(out, start + 1, value);
}
