/**
 * The servers of IPv4 services out of /proc/net/ip_vs, where the kernel writes a whole table in the time that it takes to
 * answer for a few services by netlink: what it says there of a server are its method, weight and connections, in the
 * columns of the plain listing. Services of other kinds, and whatever is not written as expected, are not found here: for
 * them netlink is asked. A service is written in one piece, so that what is found of it is of one moment. What has no name
 * among the methods, such as `bypass`, which no option of ipvsadm's asks for, the kernel calls `Masq` here.
 */
import { addressBytes, isIpv4 } from '../model/address.js';
import { isFwmark, type ServiceId } from '../model/service.js';

export const tablePath = '/proc/net/ip_vs';

/** The lines above the services, the first of which has the version. */
const HEADING =
  'Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n';

/** Widths in a line: what comes before an endpoint, the endpoint in hexadecimal, and the gap behind a server's. */
const PREFIX = 5;
const ENDPOINT = 13;
const GAP = 6;
/** `Route   1      0          0         ` with the end of the line, or more where numbers are long. */
const COLUMNS = 37;

const NEWLINE = 0x0a;
const BLANK = 0x20;
const COLON = 0x3a;

/** Of those kinds of services that are found here; the kernel does not align SCTP's. */
const protocols: Readonly<Record<string, number>> = { TCP: 1, UDP: 2 };
/** No service has this key. */
const NONE = 0;

/** Protocol, address and port as one number. */
function keyOf(id: ServiceId): number {
  if (isFwmark(id) || !isIpv4(id.address)) return NONE;
  let key = protocols[id.protocol.toUpperCase()];
  if (key === undefined) return NONE;
  for (const byte of addressBytes(id.address)) key = key * 256 + byte;
  return key * 65536 + id.port;
}

export class TableText {
  bytes = new Uint8Array(64 * 1024);
  private length = 0;
  /** By service: the indexes of its first server and of the one behind its last. */
  private readonly services = new Map<number, readonly [from: number, to: number]>();
  private readonly seen = new Set<number>();
  /** Address and port of each server as one number, the port in its last 16 bits. */
  readonly endpoints: number[] = [];
  /** Where the columns behind the endpoint start and, with the end of the line, end. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  /**
   * The text, or undefined where it does not begin as expected, or has other services than `ids`, or one of them twice: old
   * kernels write those of all network namespaces (3.10 does), and somebody may be changing the table.
   */
  static async read(
    chunks: AsyncIterable<Uint8Array>,
    ids: readonly ServiceId[],
  ): Promise<TableText | undefined> {
    const text = new TableText();
    for await (const chunk of chunks) text.add(chunk);
    return text.understand(new Set(ids.map(keyOf))) ? text : undefined;
  }

  /** Whether the servers of a service are here; if not, netlink is to be asked. */
  has(id: ServiceId): boolean {
    return this.services.has(keyOf(id));
  }

  /** The indexes of a service's servers. */
  servers(id: ServiceId, sorted: boolean): number[] {
    const [from, to] = this.services.get(keyOf(id)) ?? [0, 0];
    const { endpoints } = this;
    const order = Array.from({ length: to - from }, (_, index) => from + index);
    return sorted ? order.sort((a, b) => (endpoints[a] as number) - (endpoints[b] as number)) : order;
  }

  private add(chunk: Uint8Array): void {
    const end = this.length + chunk.length;
    if (end > this.bytes.length) {
      const bytes = new Uint8Array(Math.max(end, this.bytes.length * 2));
      bytes.set(this.bytes.subarray(0, this.length));
      this.bytes = bytes;
    }
    this.bytes.set(chunk, this.length);
    this.length = end;
  }

  private understand(keys: ReadonlySet<number>): boolean {
    let at = this.lineEnd(0);
    if (this.text(at, at + HEADING.length) !== HEADING) return false;
    at += HEADING.length;
    while (at < this.length) {
      const key = this.serviceKey(at);
      if (key !== NONE && (!keys.has(key) || this.seen.has(key))) return false;
      this.seen.add(key);
      const from = this.endpoints.length;
      let isClear = true;
      for (at = this.lineEnd(at); at < this.length && this.bytes[at] === BLANK; at = this.lineEnd(at)) {
        isClear = this.addServer(at) && isClear;
      }
      if (key !== NONE && isClear) this.services.set(key, [from, this.endpoints.length]);
    }
    return true;
  }

  /** `TCP  C0000201:0050 wlc`: protocol, address and port as one number; NONE for services of other kinds. */
  private serviceKey(at: number): number {
    const protocol = protocols[this.text(at, at + PREFIX).trimEnd()];
    const endpoint = this.endpointAt(at + PREFIX);
    return protocol === undefined || endpoint < 0 ? NONE : protocol * 2 ** 48 + endpoint;
  }

  /** `  -> C6336407:0050      Route   1      0          0`; false where it is not as expected. */
  private addServer(at: number): boolean {
    const endpoint = this.endpointAt(at + PREFIX);
    const start = at + PREFIX + ENDPOINT + GAP;
    const end = this.lineEnd(at);
    if (endpoint < 0 || this.bytes[start - 1] !== BLANK || this.bytes[start] === BLANK) return false;
    if (end - start < COLUMNS || this.bytes[end - 1] !== NEWLINE) return false;
    const index = this.endpoints.length;
    this.endpoints[index] = endpoint;
    this.starts[index] = start;
    this.ends[index] = end;
    return true;
  }

  /** `C0000201:0050` as a number; negative where it is none, as for IPv6. */
  private endpointAt(at: number): number {
    const { bytes } = this;
    if (bytes[at + 8] !== COLON) return -1;
    const address = hex(bytes, at, at + 8);
    const port = hex(bytes, at + 9, at + ENDPOINT);
    return address < 0 || port < 0 ? -1 : address * 65536 + port;
  }

  /** Where the line after the one at `at` starts. */
  private lineEnd(at: number): number {
    const newline = this.bytes.indexOf(NEWLINE, at);
    return newline < 0 || newline >= this.length ? this.length : newline + 1;
  }

  private text(start: number, end: number): string {
    return String.fromCharCode(...this.bytes.subarray(start, Math.min(end, this.length)));
  }
}

/** Digits in capitals; negative where one is none. */
function hex(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const code = bytes[at] as number;
    const digit = code <= 0x39 ? code - 0x30 : code >= 0x41 && code <= 0x46 ? code - 0x37 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}
