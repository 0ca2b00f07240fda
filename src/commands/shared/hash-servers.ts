/** The servers of a service as hashing schedulers see them. */

import type { DestinationId } from '../../model/destination.js';
import type { ServiceId } from '../../model/service.js';
import { type DestinationEntry, isOverloaded } from '../../model/table.js';
import type { HashServer } from '../../observe/placement/hash-tables.js';
import type { DrainedWeights } from './drained-weights.js';

export class ServerTable {
  constructor(
    readonly of: ServiceId,
    /** In the kernel's order: the newest first. */
    readonly entries: readonly DestinationEntry[],
    private readonly drained: Pick<DrainedWeights, 'of'>,
  ) {}

  /** The servers that an entry of the connection table may mean: port 0 is any port, on both sides. */
  at({ address, port }: DestinationId): DestinationEntry[] {
    return this.entries.filter(
      ({ id }) => id.address === address && (port === 0 || id.port === 0 || id.port === port),
    );
  }

  /** The weight of a server before it was set to 0; undefined if lvsadm did not do that. */
  weightBefore(destination: DestinationEntry): number | undefined {
    return this.drained.of({ of: this.of, destination })?.weight;
  }

  /** The last weight above 0. The kernel does not tell it of a server at 0: without a drain of lvsadm's it is taken for 1. */
  lastWeight(entry: DestinationEntry): number {
    return entry.weight || (this.weightBefore(entry) ?? 1);
  }
}

export const hashServersOf = (table: ServerTable): HashServer[] =>
  table.entries.map((entry) => ({
    id: entry.id,
    weight: entry.weight,
    lastWeight: table.lastWeight(entry),
    overloaded: isOverloaded(entry),
  }));

/** The servers whose weight before 0 is not known. */
export const guessedServers = (table: ServerTable): DestinationEntry[] =>
  table.entries.filter((entry) => entry.weight === 0 && table.weightBefore(entry) === undefined);
