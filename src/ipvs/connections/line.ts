/**
 * One line of /proc/net/ip_vs_conn, seen through a view that is used again for every line: half a million connections
 * must not mean half a million objects. Reading a line checks all of it; text is made only when asked for.
 *
 * The fields: protocol, client and port, virtual and port, destination and port, state, in ip_vs_conn_sync the origin, seconds,
 * and on the templates of a persistence engine its name and data. An address is 8 hexadecimal digits (IPv4) or 8 groups of 4 (IPv6).
 */
import { EndpointView } from './endpoint-view.js';
import { Words } from './intern.js';
import { letterS, malformed, newline, nine, space, wordEnd, zero } from './line-fields.js';

/** The largest number that a line can hold, a 64-bit one, has 20 digits. */
const maxDigits = 20;
const maxSeconds = 0xffffffff;

/** A connection of the table, valid during the visit only. */
export class ConnectionLine {
  readonly client = new EndpointView('client');
  readonly virtual = new EndpointView('virtual');
  readonly destination = new EndpointView('destination');
  /** Seconds until the entry is dropped if nothing more comes, 0 to 4294967295. */
  expires = 0;

  /** Whether lines have an origin: those of ip_vs_conn_sync do. */
  hasOrigin = false;
  /** Whether a sync daemon received the connection from another director; false in a table without origins. */
  isSynchronized = false;

  /** The bytes that hold the line, and the offsets of protocol and state in them: listings copy these without a string. */
  bytes: Uint8Array = new Uint8Array(0);
  protocolStart = 0;
  protocolEnd = 0;
  stateStart = 0;
  stateEnd = 0;

  readonly #words = new Words();
  /** Equal to `#engineEnd` where the line has no engine. */
  #engineStart = 0;
  #engineEnd = 0;
  #end = 0;

  /**
   * The kernel's word: `TCP`, `UDP`, `SCTP`, `ICMP`, `IP_50` for a number without a name. `IP` is the template of a
   * firewall-mark service, whose mark is the first 32 bits of the virtual address. No allocation.
   */
  get protocol(): string {
    return this.#words.text(this.bytes, this.protocolStart, this.protocolEnd);
  }

  /** The kernel's word: `ESTABLISHED`, `FIN_WAIT`, `UDP`; `NONE` or `ASSURED` for templates. No allocation. */
  get state(): string {
    return this.#words.text(this.bytes, this.stateStart, this.stateEnd);
  }

  /** Whether this is a persistence template, which holds a client at a server: unlike a connection it has no client port. */
  get isTemplate(): boolean {
    return this.client.port === 0;
  }

  /** The persistence engine's name (`sip` is the kernel's only one); undefined on the lines of all other connections. */
  get engineName(): string | undefined {
    if (this.#engineStart === this.#engineEnd) return undefined;
    return this.#words.text(this.bytes, this.#engineStart, this.#engineEnd);
  }

  /**
   * The persistence engine's data as a view, empty where there is none. For `sip` it is the Call-ID just as the network
   * sent it: escape it before a terminal sees it.
   */
  get engineBytes(): Uint8Array {
    return this.bytes.subarray(Math.min(this.#engineEnd + 1, this.#end), this.#end);
  }

  /**
   * Reads the line that starts at `start` and returns where the next one does. A newline must follow somewhere: it is
   * no part of any field but the last, so a line that stops short fails at the field that is missing.
   * @throws ProtocolError with the field as its path.
   */
  read(bytes: Uint8Array, start: number): number {
    this.bytes = bytes;
    this.protocolStart = start;
    let at = wordEnd('protocol', bytes, start);
    this.protocolEnd = at;
    while (bytes[at] === space) at++;
    at = this.client.read(bytes, at);
    at = this.virtual.read(bytes, at);
    at = this.destination.read(bytes, at);
    this.stateStart = at;
    at = wordEnd('state', bytes, at);
    this.stateEnd = at;
    while (bytes[at] === space) at++;
    if (this.hasOrigin) at = this.#readOrigin(at);
    const expiresStart = at;
    let seconds = 0;
    for (let code = bytes[at] as number; code >= zero && code <= nine; code = bytes[++at] as number) {
      seconds = seconds * 10 + code - zero;
    }
    // Older kernels (4.18 for one) subtract without a sign: an entry whose time has just run out shows about 2^64/HZ.
    this.expires = seconds > maxSeconds ? 0 : seconds;
    const after = bytes[at];
    const digits = at - expiresStart;
    if (digits === 0 || digits > maxDigits || (after !== space && after !== newline)) {
      throw malformed('expires', 'a number of seconds', bytes, expiresStart);
    }
    this.#engineStart = at;
    this.#engineEnd = at;
    this.#end = at;
    if (after === space) this.#readEngine(at);
    return this.#end + 1;
  }

  /** `SYNC` or `LOCAL`. */
  #readOrigin(start: number): number {
    const { bytes } = this;
    let at = wordEnd('origin', bytes, start);
    this.isSynchronized = at - start === 4 && bytes[start] === letterS;
    while (bytes[at] === space) at++;
    return at;
  }

  #readEngine(start: number): void {
    const { bytes } = this;
    this.#engineStart = start + 1;
    this.#engineEnd = wordEnd('engine', bytes, start + 1);
    this.#end = bytes.indexOf(newline, this.#engineEnd);
  }
}
