/** Where new connections of a client go in a service whose scheduler chooses by a hash. */
import { flagNames, type SchedulerFlagWord } from '../../model/schedulers.js';
import { isFwmark, type Service } from '../../model/service.js';
import { type HashScheduler, type HashServer, hashSchedulers, type SlotTable } from './hash-tables.js';

export interface Placement {
  /** The slot that the client's hash leads to, and how many there are. */
  readonly slot: number;
  readonly slots: number;
  /** The server of that slot; undefined if there is none. */
  readonly first: HashServer | undefined;
  /** The server that gets the connection; undefined: it is refused. */
  readonly server: HashServer | undefined;
}

/** What the placement depends on. */
export type HashInput = 'source' | 'source and port' | 'destination';

/** Each client of a slot has further hashes of its own, which lead to any server. */
export const SCATTERED = 'scattered';

/** A server that the kernel may or may not hold for overloaded is taken for available. */
export const isAvailable = ({ weight, overload }: HashServer): boolean => weight > 0 && overload !== 'yes';

export class Placements {
  private constructor(
    readonly scheduler: HashScheduler,
    private readonly servers: readonly HashServer[],
    private readonly slots: SlotTable,
    readonly input: HashInput,
    private readonly hasFallback: boolean,
    private readonly destination: string | undefined,
  ) {}

  /** Undefined if the scheduler does not choose by a hash. @param servers in the kernel's order */
  static of(service: Service, servers: readonly HashServer[]): Placements | undefined {
    const scheduler = hashSchedulers.get(service.scheduler);
    if (scheduler === undefined) return undefined;
    const flags = flagNames(service);
    const has = (word: SchedulerFlagWord): boolean => flags.includes(word);
    const usesPort = has('mh-port') || has('sh-port');
    const input = service.scheduler === 'dh' ? 'destination' : usesPort ? 'source and port' : 'source';
    const hasFallback = has('mh-fallback') || has('sh-fallback');
    const destination = isFwmark(service.id) ? undefined : service.id.address;
    return new Placements(scheduler, servers, scheduler.table(servers), input, hasFallback, destination);
  }

  /** @param client a canonical address. @returns undefined if the hash is of an address that the service does not tell: dh, with a mark */
  place(client: string, port: number): Placement | undefined {
    const address = this.input === 'destination' ? this.destination : client;
    if (address === undefined) return undefined;
    const hashed = this.input === 'source and port' ? port : 0;
    const slot = this.scheduler.slot(address, hashed, 0);
    const server = this.chosen(slot, (offset) => this.scheduler.slot(address, hashed, offset));
    return { slot, slots: this.slots.length, first: this.serverIn(slot), server };
  }

  /** The slots that clients of the service have: all, but with dh only that of the service's address. */
  clientSlots(): Iterable<number> {
    if (this.input === 'destination' && this.destination !== undefined) {
      return [this.scheduler.slot(this.destination, 0, 0)];
    }
    return this.slots.keys();
  }

  /** The server that the clients of a slot get; undefined: they are refused. */
  inSlot(slot: number): HashServer | undefined | typeof SCATTERED {
    const { shift } = this.scheduler;
    if (shift !== undefined) return this.chosen(slot, (offset) => shift(slot, offset));
    const first = this.serverIn(slot);
    const fallsBack = this.hasFallback && first !== undefined && !isAvailable(first);
    return fallsBack ? SCATTERED : this.chosen(slot, () => slot);
  }

  /** The server that a try finds in a slot; undefined if it takes no connection. */
  availableIn(slot: number): HashServer | undefined {
    const server = this.serverIn(slot);
    return server && isAvailable(server) ? server : undefined;
  }

  /** Slots of the table. */
  get size(): number {
    return this.slots.length;
  }

  private serverIn(slot: number): HashServer | undefined {
    return this.servers[this.slots[slot] as number];
  }

  private chosen(slot: number, slotOf: (offset: number) => number): HashServer | undefined {
    const first = this.serverIn(slot);
    if (first === undefined || isAvailable(first)) return first;
    return this.hasFallback ? this.fallback(slot, slotOf) : undefined;
  }

  /** The hash is tried again with each number as an offset, from the slot's on. */
  private fallback(start: number, slotOf: (offset: number) => number): HashServer | undefined {
    for (let tries = 0; tries < this.size; tries++) {
      const server = this.serverIn(slotOf((tries + start) % this.size));
      if (server === undefined || isAvailable(server)) return server;
    }
    return undefined;
  }
}
