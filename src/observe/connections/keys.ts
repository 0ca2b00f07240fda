/** What connections are grouped by: keys of a few words, so that a line costs no string, and the names of the groups. */
import type { ConnectionLine } from '../../ipvs/connections/proc.js';
import { addressLength } from '../../model/address.js';
import { formatNetwork } from '../../model/network.js';
import {
  addressText,
  type EndpointBytes,
  endpointText,
  isMark,
  isOfMark,
  type NameOf,
  serviceText,
} from './text.js';

export const groupingNames = ['client', 'service', 'server', 'state', 'port'] as const;
export type GroupingName = (typeof groupingNames)[number];

/** What connections are counted by. */
export interface Grouping {
  readonly by: GroupingName;
  /** Of `client`: bits of an address that clients of one group share (default: all). */
  readonly prefix?: number | undefined;
}

/** Whether its groups are named by an address of their own, which may have a name. */
export const hasAddress = ({ by, prefix }: Grouping): boolean =>
  by === 'service' || by === 'server' || (by === 'client' && prefix === undefined);

/** Words of a key: an address, and a port with the family and the protocol. */
export const KEY_WIDTH = 5;

const IPV6 = 1 << 16;
const PROTOCOL_SHIFT = 17;

/** Between lines, the keys of the groups that they belong to, and the names of these. */
export class GroupKeys {
  readonly #key = new Int32Array(KEY_WIDTH);
  readonly #words = new WordIds();

  constructor(private readonly grouping: Grouping) {}

  /** The key of a line's group, valid until the next call. */
  of(line: ConnectionLine): Int32Array {
    const key = this.#key;
    switch (this.grouping.by) {
      case 'client':
        putAddress(key, line.client, this.grouping.prefix);
        break;
      case 'service':
        putEndpoint(key, line.virtual);
        (key[4] as number) |= this.#words.id(line.protocol) << PROTOCOL_SHIFT;
        break;
      case 'server':
        putEndpoint(key, line.destination);
        break;
      case 'state':
        key[0] = this.#words.id(line.state);
        break;
      case 'port':
        // A template of a mark has none.
        key[0] = isOfMark(line) ? 0 : line.virtual.port;
    }
    return key;
  }

  /** The address that the group with this key is named by; undefined if it is not named by one. */
  addressOf(key: Int32Array): string | undefined {
    const isOfMark = this.grouping.by === 'service' && isMark(this.#protocolOf(key));
    return hasAddress(this.grouping) && !isOfMark ? addressText(endpointOf(key)) : undefined;
  }

  /** The name of the group with this key. @param name of addresses, if they are to have one */
  nameOf(key: Int32Array, name?: NameOf): string {
    const [first = 0] = key;
    const endpoint = endpointOf(key);
    switch (this.grouping.by) {
      case 'client': {
        if (this.grouping.prefix === undefined) return addressText(endpoint, name);
        const bits = 8 * addressLength[endpoint.family];
        return formatNetwork({ ...endpoint, length: Math.min(this.grouping.prefix, bits) });
      }
      case 'service':
        return serviceText(this.#protocolOf(key), endpoint, name);
      case 'server':
        return endpointText(endpoint, name);
      case 'state':
        return this.#words.words[first] ?? '';
      case 'port':
        return String(first);
    }
  }

  /** Of a service, the kernel's word. */
  #protocolOf(key: Int32Array): string {
    return this.#words.words[(key[4] ?? 0) >>> PROTOCOL_SHIFT] ?? '';
  }
}

/** @param prefix bits that count */
function putAddress(key: Int32Array, { bytes, family }: EndpointBytes, prefix = 128): void {
  const length = addressLength[family];
  for (let at = 0; at < 16; at += 4) {
    key[at >> 2] = at < length ? wordAt(bytes, at) & maskWord(prefix - 8 * at) : 0;
  }
  key[4] = family === 'inet6' ? IPV6 : 0;
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) << 24) |
  ((bytes[at + 1] as number) << 16) |
  ((bytes[at + 2] as number) << 8) |
  (bytes[at + 3] as number);

/** The mask of a 32-bit word that this many bits of the prefix reach into. */
const maskWord = (bits: number): number => (bits >= 32 ? -1 : bits <= 0 ? 0 : -1 << (32 - bits));

/** Address, family and port. */
export function putEndpoint(key: Int32Array, endpoint: EndpointBytes): void {
  putAddress(key, endpoint);
  (key[4] as number) |= endpoint.port;
}

function endpointOf(key: Int32Array): EndpointBytes {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 4; i++) view.setUint32(4 * i, key[i] ?? 0);
  const last = key[4] ?? 0;
  return { bytes, family: last & IPV6 ? 'inet6' : 'inet', port: last & 0xffff };
}

/** Numbers for words, in the order of their coming. */
export class WordIds {
  readonly words: string[] = [];
  readonly #ids = new Map<string, number>();

  id(word: string): number {
    const known = this.#ids.get(word);
    if (known !== undefined) return known;
    this.#ids.set(word, this.words.length);
    return this.words.push(word) - 1;
  }
}
