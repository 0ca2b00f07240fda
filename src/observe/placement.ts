/** Where new connections of a client go in a service whose scheduler chooses by a hash. */
import { flagNames, type SchedulerFlagWord } from '../model/schedulers.js';
import { isFwmark, type Service } from '../model/service.js';
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

export const isAvailable = ({ weight, overloaded }: HashServer): boolean => weight > 0 && !overloaded;

export class Placements {
  private constructor(
    private readonly scheduler: HashScheduler,
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
    const first = this.serverIn(slot);
    const placement = { slot, slots: this.slots.length, first };
    if (first === undefined || isAvailable(first)) return { ...placement, server: first };
    return { ...placement, server: this.hasFallback ? this.fallback(address, hashed, slot) : undefined };
  }

  private serverIn(slot: number): HashServer | undefined {
    return this.servers[this.slots[slot] as number];
  }

  /** The hash is tried again with each number as an offset, from the slot's on. */
  private fallback(address: string, port: number, start: number): HashServer | undefined {
    const size = this.slots.length;
    for (let tries = 0; tries < size; tries++) {
      const server = this.serverIn(this.scheduler.slot(address, port, (tries + start) % size));
      if (server === undefined || isAvailable(server)) return server;
    }
    return undefined;
  }
}
