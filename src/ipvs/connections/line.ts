/**
 * One line of /proc/net/ip_vs_conn, seen through a view that is used again for every line: half a million connections
 * must not mean half a million objects. Reading a line checks all of it; text is made only when asked for.
 *
 * The fields: protocol, client and port, virtual and port, destination and port, state, seconds, and on the templates
 * of a persistence engine its name and data. An address is 8 hexadecimal digits (IPv4) or 8 groups of 4 (IPv6).
 */
import type { Connection } from '../../model/connection.js';
import { putWord } from './ascii.js';
import { EndpointView } from './endpoint-view.js';
import { Words } from './intern.js';
import { malformed, newline, nine, skipSpaces, space, wordEnd, zero } from './line-fields.js';

/** The largest number that a line can hold, a 64-bit one, has 20 digits. */
const maxDigits = 20;
const maxSeconds = 0xffffffff;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** A connection of the table. Valid during the visit only; {@link toConnection} gives what may be kept. */
export class ConnectionLine {
  readonly client = new EndpointView('client');
  readonly virtual = new EndpointView('virtual');
  readonly destination = new EndpointView('destination');
  /** Seconds until the entry is dropped if nothing more comes, 0 to 4294967295. */
  expires = 0;

  readonly #words = new Words();
  #bytes: Uint8Array = new Uint8Array(0);
  #protocolStart = 0;
  #protocolEnd = 0;
  #stateStart = 0;
  #stateEnd = 0;
  /** Equal to `#engineEnd` where the line has no engine. */
  #engineStart = 0;
  #engineEnd = 0;
  #end = 0;

  /** As {@link Connection.protocol}; no allocation. */
  get protocol(): string {
    return this.#words.text(this.#bytes, this.#protocolStart, this.#protocolEnd);
  }

  /** As {@link Connection.state}; no allocation. */
  get state(): string {
    return this.#words.text(this.#bytes, this.#stateStart, this.#stateEnd);
  }

  /** Writes the protocol and returns where it ends; -1 if not all of it is ASCII. */
  putProtocol(out: Uint8Array, start: number): number {
    return putWord(out, start, this.#bytes, this.#protocolStart, this.#protocolEnd);
  }

  /** As {@link putProtocol}, the state. */
  putState(out: Uint8Array, start: number): number {
    return putWord(out, start, this.#bytes, this.#stateStart, this.#stateEnd);
  }

  /** The mark if this is the template of a firewall-mark service: the first 32 bits of the virtual address. */
  get fwmark(): number | undefined {
    if (this.protocol !== 'IP') return undefined;
    const [a = 0, b = 0, c = 0, d = 0] = this.virtual.bytes;
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  }

  /** Whether a persistence engine made this connection. */
  get hasEngine(): boolean {
    return this.#engineStart !== this.#engineEnd;
  }

  /** The persistence engine's name; undefined on the lines of all other connections. */
  get engineName(): string | undefined {
    if (!this.hasEngine) return undefined;
    return this.#words.text(this.#bytes, this.#engineStart, this.#engineEnd);
  }

  /** The persistence engine's data byte for byte, as a view; empty where there is none. */
  get engineBytes(): Uint8Array {
    return this.#bytes.subarray(Math.min(this.#engineEnd + 1, this.#end), this.#end);
  }

  /** The whole line as the kernel wrote it, without the newline, as a view. */
  get raw(): Uint8Array {
    return this.#bytes.subarray(this.#protocolStart, this.#end);
  }

  /** This connection as an object of its own. */
  toConnection(): Connection {
    const { fwmark, engineName } = this;
    return {
      protocol: this.protocol,
      client: { address: this.client.address, port: this.client.port },
      virtual: { address: this.virtual.address, port: this.virtual.port },
      destination: { address: this.destination.address, port: this.destination.port },
      state: this.state,
      expires: this.expires,
      ...(fwmark !== undefined && { fwmark }),
      ...(engineName !== undefined && { engine: { name: engineName, data: utf8.decode(this.engineBytes) } }),
    };
  }

  /**
   * Reads the line that starts at `start` and returns where the next one does. A newline must follow somewhere: it is
   * no part of any field but the last, so a line that stops short fails at the field that is missing.
   * @throws ProtocolError with the field as its path.
   */
  read(bytes: Uint8Array, start: number): number {
    this.#bytes = bytes;
    this.#protocolStart = start;
    this.#protocolEnd = wordEnd('protocol', bytes, start);
    let at = this.client.read(bytes, skipSpaces(bytes, this.#protocolEnd));
    at = this.virtual.read(bytes, at);
    this.#stateStart = this.destination.read(bytes, at);
    this.#stateEnd = wordEnd('state', bytes, this.#stateStart);
    at = this.#readExpires(skipSpaces(bytes, this.#stateEnd));
    this.#readEngine(at);
    return this.#end + 1;
  }

  #readExpires(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    let seconds = 0;
    for (; isDigit(bytes[at]); at++) seconds = seconds * 10 + (bytes[at] as number) - zero;
    const after = bytes[at];
    if (at === start || at - start > maxDigits || (after !== space && after !== newline)) {
      throw malformed('expires', 'a number of seconds', bytes, start);
    }
    // Older kernels (4.18 for one) subtract without a sign: an entry whose time has just run out shows about 2^64/HZ.
    this.expires = seconds > maxSeconds ? 0 : seconds;
    return at;
  }

  #readEngine(start: number): void {
    const bytes = this.#bytes;
    this.#engineStart = start;
    this.#engineEnd = start;
    this.#end = start;
    if (bytes[start] === newline) return;
    this.#engineStart = start + 1;
    this.#engineEnd = wordEnd('engine', bytes, start + 1);
    this.#end = bytes.indexOf(newline, this.#engineEnd);
  }
}

const isDigit = (code: number | undefined): boolean => code !== undefined && code >= zero && code <= nine;
