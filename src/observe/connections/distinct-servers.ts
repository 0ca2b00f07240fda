/** Which servers each group has been seen with, in bounded memory. */
import type { EndpointView } from '../../ipvs/connections/proc.js';
import { KeyTable } from './key-table.js';
import { KEY_WIDTH, putEndpoint } from './keys.js';

const SERVERS = 65_536;
/** Pairs of a group and a server. */
const PAIRS = 262_144;

export class DistinctServers {
  /** Whether servers were left out because the memory for them is full. */
  full = false;
  readonly #servers = new KeyTable(KEY_WIDTH);
  readonly #pairs = new KeyTable(2);
  readonly #key = new Int32Array(KEY_WIDTH);
  readonly #pair = new Int32Array(2);

  /** @returns whether the server is new to the group */
  add(group: number, server: EndpointView): boolean {
    putEndpoint(this.#key, server);
    const known = this.#servers.find(this.#key);
    const number = known < 0 ? this.#added(this.#servers, this.#key, SERVERS) : known;
    if (number < 0) return false;
    this.#pair[0] = group;
    this.#pair[1] = number;
    return this.#pairs.find(this.#pair) < 0 && this.#added(this.#pairs, this.#pair, PAIRS) >= 0;
  }

  /** The slot of a new key; -1 if there is no room. */
  #added(table: KeyTable, key: Int32Array, limit: number): number {
    if (table.size < limit) return table.add(key);
    this.full = true;
    return -1;
  }
}
