/** Connections counted by client, service, server, state or port, in bounded memory. */
import type { ConnectionLine } from '../../ipvs/connections/proc.js';
import { DistinctServers } from './distinct-servers.js';
import { HeavyHitters } from './heavy-hitters.js';
import { type Grouping, GroupKeys, KEY_WIDTH, WordIds } from './keys.js';
import type { NameOf } from './text.js';

export interface ConnectionGroup {
  /** The client, network, service, server, state or port, as text. */
  readonly name: string;
  /** Connections and templates; too high by `error` at most. */
  readonly entries: number;
  /** How many of the entries may be of others; 0 if the count is exact. */
  readonly error: number;
  /** Entries by state, the most first, without those that may be of others. */
  readonly states: readonly (readonly [state: string, entries: number])[];
  /** Different servers. */
  readonly servers: number;
  /** Whether there may be more servers: the memory for them was full, or entries may be missing. */
  readonly moreServers: boolean;
}

/** Groups that are counted one by one. */
const GROUPS = 65_536;
const FIRST = 256;

export class ConnectionGroups {
  /** Connections and templates that were added. */
  entries = 0;
  readonly #hitters: HeavyHitters;
  readonly #keys: GroupKeys;
  readonly #states = new WordIds();
  readonly #servers = new DistinctServers();
  #capacity = FIRST;
  /** By state the entries of each group. */
  readonly #byState: Uint32Array<ArrayBuffer>[] = [];
  /** Servers by group. */
  #serverCounts = new Uint32Array(FIRST);
  /** By group the number of its key among all that ever had a counter: servers of earlier ones do not count. */
  #generations = new Uint32Array(FIRST);
  #generation = 0;

  /** @param limit of groups that are counted one by one */
  constructor(grouping: Grouping, limit = GROUPS) {
    this.#keys = new GroupKeys(grouping);
    this.#hitters = new HeavyHitters(limit, KEY_WIDTH);
  }

  /** Groups with a count. */
  get size(): number {
    return this.#hitters.size;
  }

  /** How much a count may be too high, and how many entries a group that is not there may have; 0 if all are exact. */
  get errorBound(): number {
    return this.#hitters.errorBound;
  }

  add(line: ConnectionLine): void {
    this.entries++;
    const slot = this.#hitters.add(this.#keys.of(line), this.#begin);
    const state = this.#states.id(line.state);
    this.#byState[state] ??= new Uint32Array(this.#capacity);
    (this.#byState[state][slot] as number)++;
    const isNew = this.#servers.add(this.#generations[slot] as number, line.destination);
    if (isNew) (this.#serverCounts[slot] as number)++;
  }

  /**
   * The groups with the most entries first; those with as many by address or number.
   * @param name of addresses, if groups are to be named by it
   */
  top(limit = this.size, name?: NameOf): ConnectionGroup[] {
    return this.#largest(limit).map((slot) => this.#group(slot, name));
  }

  /** The addresses that these groups are named by. */
  addresses(limit: number): Set<string> {
    const addresses = this.#largest(limit).map((slot) => this.#keys.addressOf(this.#hitters.keyOf(slot)));
    return new Set(addresses.filter((address) => address !== undefined));
  }

  #largest(limit: number): number[] {
    return Array.from({ length: this.size }, (_, slot) => slot)
      .sort((a, b) => this.#hitters.count(b) - this.#hitters.count(a) || this.#hitters.compareKeys(a, b))
      .slice(0, limit);
  }

  #group(slot: number, name: NameOf | undefined): ConnectionGroup {
    const error = this.#hitters.error(slot);
    const states = this.#states.words
      .map((state, id) => [state, this.#byState[id]?.[slot] ?? 0] as const)
      .filter(([, entries]) => entries > 0)
      .sort(([a, most], [b, least]) => least - most || (a < b ? -1 : 1));
    return {
      name: this.#keys.nameOf(this.#hitters.keyOf(slot), name),
      entries: this.#hitters.count(slot),
      error,
      states,
      servers: this.#serverCounts[slot] as number,
      moreServers: this.#servers.full || error > 0,
    };
  }

  /** The slot is of another group from now on. */
  readonly #begin = (slot: number): void => {
    if (slot >= this.#capacity) this.#grow();
    for (const counts of this.#byState) counts[slot] = 0;
    this.#serverCounts[slot] = 0;
    this.#generations[slot] = this.#generation++;
  };

  #grow(): void {
    this.#capacity *= 2;
    this.#byState.forEach((counts, state) => {
      this.#byState[state] = this.#grown(counts);
    });
    this.#serverCounts = this.#grown(this.#serverCounts);
    this.#generations = this.#grown(this.#generations);
  }

  #grown(numbers: Uint32Array): Uint32Array<ArrayBuffer> {
    const larger = new Uint32Array(this.#capacity);
    larger.set(numbers);
    return larger;
  }
}
