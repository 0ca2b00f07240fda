/**
 * The connection table in /proc/net/ip_vs_conn; netlink has no operation for it. It is read as a stream, in bounded memory. It is
 * no snapshot: connections come and go while the kernel prints it, so that one may appear twice or not at all.
 */
import { ProtocolError } from '../../errors.js';
import { ConnectionLine } from './line.js';
import { newline } from './line-fields.js';

export type { EndpointView } from './endpoint-view.js';
export type { ConnectionLine } from './line.js';

/** The table of the reader's network namespace. */
export const connectionTablePath = '/proc/net/ip_vs_conn';

/** The same connections, each with its origin. */
export const originTablePath = '/proc/net/ip_vs_conn_sync';

/** Beginning of the first line on every kernel. Newer kernels have more columns after it. */
const headerStart = 'Pro FromIP ';

/** Heading of the column that only ip_vs_conn_sync has. */
const originColumn = / Origin /;

/** Bytes of a line; the kernel prints about 450. A longer line is no connection table, and must not fill the memory. */
const maxLineBytes = 16384;

/**
 * Visits every connection of the table in its order. A chunk may end anywhere and is not touched after the next one has
 * been asked for, so a source may fill one buffer again and again. Wholly empty input is an empty table.
 * @param visit gets the same view each time, valid during the call only.
 * @param afterChunk called and awaited after each chunk, for example to write gathered lines
 * @returns how many connections there were.
 * @throws ProtocolError at the first line that is none of a connection: `ip_vs_conn/line 17/clientPort: ...`.
 */
export async function scanConnections(
  chunks: AsyncIterable<Uint8Array>,
  visit: (line: ConnectionLine) => void,
  afterChunk?: () => Promise<void> | void,
): Promise<number> {
  const scanner = new Scanner(visit);
  for await (const chunk of chunks) {
    scanner.push(chunk);
    await afterChunk?.();
  }
  scanner.end();
  await afterChunk?.();
  return scanner.connections;
}

/** Cuts chunks into lines, and keeps only the beginning of a line whose end is still to come. */
class Scanner {
  readonly #line = new ConnectionLine();
  /** Lines read so far, the header among them. */
  #lineNumber = 0;
  #kept = new Uint8Array(512);
  #keptLength = 0;

  constructor(private readonly visit: (line: ConnectionLine) => void) {}

  /** Connections visited so far. */
  get connections(): number {
    return Math.max(0, this.#lineNumber - 1);
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    if (this.#keptLength > 0) {
      start = chunk.indexOf(newline) + 1;
      this.#keep(start === 0 ? chunk : chunk.subarray(0, start));
      if (start === 0) return;
      this.#readKept();
    }
    const end = chunk.lastIndexOf(newline) + 1;
    this.#readLines(chunk, start, end);
    this.#keep(chunk.subarray(end));
  }

  /** The last line need not end in a newline. */
  end(): void {
    if (this.#keptLength === 0) return;
    this.#keep(Uint8Array.of(newline));
    this.#readKept();
  }

  #readKept(): void {
    const length = this.#keptLength;
    this.#keptLength = 0;
    this.#readLines(this.#kept, 0, length);
  }

  #keep(bytes: Uint8Array): void {
    const length = this.#keptLength + bytes.length;
    if (length > maxLineBytes) throw inLine(this.#lineNumber + 1, tooLong());
    if (length > this.#kept.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.#kept.subarray(0, this.#keptLength));
      this.#kept = larger;
    }
    this.#kept.set(bytes, this.#keptLength);
    this.#keptLength = length;
  }

  /** Reads whole lines, the last one's newline included. */
  #readLines(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    if (this.#lineNumber === 0 && at < end) at = this.#readHeader(bytes, at);
    while (at < end) {
      at = this.#readLine(bytes, at);
      this.visit(this.#line);
    }
  }

  #readHeader(bytes: Uint8Array, start: number): number {
    const end = bytes.indexOf(newline, start);
    const text = String.fromCharCode(...bytes.subarray(start, Math.min(end, start + headerStart.length)));
    if (text !== headerStart) throw inLine(1, wrongHeader(text));
    this.#line.hasOrigin = originColumn.test(String.fromCharCode(...bytes.subarray(start, end)));
    this.#lineNumber = 1;
    return end + 1;
  }

  #readLine(bytes: Uint8Array, start: number): number {
    this.#lineNumber++;
    try {
      const next = this.#line.read(bytes, start);
      if (next - start > maxLineBytes) throw tooLong();
      return next;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw inLine(this.#lineNumber, error);
    }
  }
}

const inLine = (number: number, error: ProtocolError): ProtocolError =>
  error.within(`line ${number}`).within('ip_vs_conn');
const tooLong = (): ProtocolError => new ProtocolError(`longer than ${maxLineBytes} bytes`);

const wrongHeader = (text: string): ProtocolError =>
  new ProtocolError(`expected '${headerStart}...', got '${text}'`, ['header']);
