/** The servers of a service as hashing schedulers see them. */
import type { Context } from '../../context.js';
import type { DestinationId } from '../../model/destination.js';
import type { Service } from '../../model/service.js';
import { type DestinationEntry, overloadOf } from '../../model/table.js';
import { keepsPorts } from '../../observe/connections/known-servers.js';
import type { HashServer } from '../../observe/placement/hash-tables.js';
import type { DrainedWeights } from './holds/drained-weights.js';
import { someNames } from './server.js';

export class ServerTable {
  constructor(
    readonly service: Pick<Service, 'id' | 'persistence'>,
    /** In the kernel's order: the newest first. */
    readonly entries: readonly DestinationEntry[],
    private readonly drained: Pick<DrainedWeights, 'of'>,
  ) {}

  /** The servers that an entry of the connection table may mean: port 0 is any port, on both sides. */
  at({ address, port }: DestinationId): DestinationEntry[] {
    const isAnyPort = port === 0 || keepsPorts(this.service);
    return this.entries.filter(
      ({ id }) => id.address === address && (isAnyPort || id.port === 0 || id.port === port),
    );
  }

  /** The weight of a server before it was set to 0; undefined if lvsadm did not do that. */
  weightBefore(destination: DestinationEntry): number | undefined {
    return this.drained.of({ of: this.service.id, destination })?.weight;
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
    overload: overloadOf(entry),
  }));

/** The servers whose weight before 0 is not known. */
export const guessedServers = (table: ServerTable): DestinationEntry[] =>
  table.entries.filter((entry) => entry.weight === 0 && table.weightBefore(entry) === undefined);

/** The servers that the kernel may or may not hold for overloaded. */
export const betweenThresholds = ({ entries }: ServerTable): DestinationEntry[] =>
  entries.filter((entry) => overloadOf(entry) === 'unknown');

/** What is assumed of servers, because the kernel does not tell it. */
const assumptions = {
  lastWeight: 'weight before 0 not known, taken for 1',
  overload: 'between their thresholds, taken for not overloaded',
} as const;

/** Writes a line on standard error, unless there are no such servers. */
export async function writeAssumption(
  { err }: Pick<Context, 'err'>,
  assumption: keyof typeof assumptions,
  servers: readonly string[],
): Promise<void> {
  if (servers.length > 0) await err.write(`lvsadm: ${assumptions[assumption]}: ${someNames(servers)}\n`);
}
