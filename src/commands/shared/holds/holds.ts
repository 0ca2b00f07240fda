/** Holds of servers, as command lines make them and the state directory keeps them. */
import type { Context } from '../../../context.js';
import { HostError, UsageError } from '../../../errors.js';
import { printable } from '../../../foreign-text.js';
import { destinationKey } from '../../../model/destination.js';
import {
  type Hold,
  type Holds,
  type HoldTerms,
  holdKey,
  inForce,
  noHolds,
  withOwnHolds,
} from '../../../model/hold.js';
import { formatService, parseServer } from '../../../model/service-uri.js';
import { endsWithin, systemClock } from '../../../system/clock.js';
import type { StateKind } from '../../../system/files/state-kind.js';
import type { Store } from '../../../system/files/store.js';
import type { Options, Values } from '../../command.js';
import { userName } from '../change/origin.js';
import { type Found, nameOf, type ServersNamed } from '../server.js';
import { serverArgument, serversNamed, serviceArgument } from '../service-arg.js';
import { openLastingStore, stateDirOption } from '../store.js';
import type { DrainedWeights } from './drained-weights.js';

export const holdOptions = {
  reason: { type: 'reason', describe: 'with --hold: shown wherever the hold is', defaultText: 'none' },
  until: {
    type: 'moment',
    describe: 'with --hold: when the hold ends by itself',
    defaultText: 'lvsadm undrain ends it',
  },
  ...stateDirOption,
} as const satisfies Options;

/** What all holds of one command have in common. */
export type Terms = Omit<HoldTerms, 'weight'>;

/** @returns undefined without --hold. @throws UsageError */
export function holdTerms(
  { hold, reason, until }: Pick<Values<typeof holdOptions>, 'reason' | 'until'> & { readonly hold: boolean },
  { env, date }: Context,
): Terms | undefined {
  if (!hold) {
    const given = Object.entries({ reason, until }).find(([, value]) => value !== undefined);
    if (given !== undefined) throw new UsageError('only with --hold', `--${given[0]}`);
    return undefined;
  }
  const now = date();
  return { by: userName(env), since: now.getTime(), until: until?.(now), reason };
}

/** Milliseconds after which a disk hangs. An agent waits so long for its first holds, and less while it has some. */
const HANGING = 10_000;
const PATIENCE = 500;

/** Milliseconds to wait for another command that begins or ends holds: it may be waiting for an agent. */
const TURN_PATIENCE = 30_000;

/** Does work while no other command begins or ends holds here. @throws LockedError, HostError */
export async function whileHoldsStay<T>(store: Store, work: () => Promise<T>): Promise<T> {
  const release = await store.lock('holds', 'changing holds here', { wait: TURN_PATIENCE });
  try {
    return await work();
  } finally {
    release();
  }
}

interface Reading {
  /** On the process's clock. */
  readonly start: number;
  readonly holds: Promise<readonly [ofFleet: Holds, own: Holds]>;
}

export class HoldStore {
  private readonly store: Store;
  /** One that the disk has not answered yet. */
  private reading: Reading | undefined;
  private patience = HANGING;
  private readonly fleetStore: Store;

  constructor(
    private readonly context: Context,
    stateDir: string | undefined,
  ) {
    this.store = openLastingStore(context, kind, stateDir);
    this.fleetStore = openLastingStore(context, fleetHoldsKind, stateDir);
  }

  /**
   * Those in force.
   * @param ofFleet those of the fleet (default: those that the agent here has taken last)
   * @throws HostError
   */
  read(ofFleet: Holds = this.fleetStore.read(fleetHoldsKind)): Holds {
    return this.inForce(withOwnHolds(ofFleet, this.store.read(kind)));
  }

  /**
   * The same, for a process that does not wait for a disk that is slow; at its start it does for a while.
   * @returns undefined if the disk has not answered in time, and may soon
   * @throws HostError, also if the disk hangs
   */
  readonly readInBackground = async (ofFleet?: Holds): Promise<Holds | undefined> => {
    this.reading ??= this.newReading(ofFleet);
    const { reading, patience } = this;
    if (await endsWithin(systemClock, patience, reading.holds)) {
      this.patience = PATIENCE;
      const [taken, own] = await reading.holds;
      return this.inForce(withOwnHolds(ofFleet ?? taken, own));
    }
    // At first there are none that could stay in force.
    if (patience < HANGING && systemClock.now() - reading.start < HANGING) return undefined;
    throw new HostError(
      `read ${this.store.pathOf(kind)}`,
      `the disk has not answered for ${HANGING / 1000} s`,
    );
  };

  /** @param ofFleet those of the fleet, if they are known: then their copy on the disk is not asked for */
  private newReading(ofFleet: Holds | undefined): Reading {
    const both = [
      ofFleet ?? this.fleetStore.readInBackground(fleetHoldsKind),
      this.store.readInBackground(kind),
    ] as const;
    const holds = Promise.all(both).finally(() => {
      this.reading = undefined;
    });
    return { start: systemClock.now(), holds };
  }

  /** Holds servers at a weight. @throws HostError, LockedError; no server is held by this then */
  async add(servers: readonly Found[], weight: number, terms: Terms, drained: DrainedWeights): Promise<void> {
    await this.update((holds) => {
      const added = servers.map((server): [string, Hold] => {
        const name = nameOf(server);
        const key = holdKey(name);
        const before = holds.get(key)?.before ?? weightBefore(server, drained);
        return [key, { ...name, weight, before, ...terms }];
      });
      return new Map([...holds, ...added]);
    });
  }

  /** Gives servers these holds alone; those of the fleet are in its store. @throws HostError, LockedError; all of theirs stay then */
  async replace(servers: readonly Found[], by: readonly Hold[]): Promise<void> {
    const keys = servers.map((server) => holdKey(nameOf(server)));
    await this.update((holds) => {
      const others = [...holds].filter(([key]) => !keys.includes(key));
      const own = by.filter(({ ofFleet }) => !ofFleet);
      return new Map([...others, ...own.map((hold): [string, Hold] => [holdKey(hold), hold])]);
    });
  }

  /** Ends holds. @throws HostError, LockedError; all of them stay then */
  async remove(keys: readonly string[]): Promise<void> {
    if (keys.length > 0) {
      await this.update((holds) => new Map([...holds].filter(([key]) => !keys.includes(key))));
    }
  }

  /** Expired holds are forgotten. */
  private update(change: (holds: Holds) => Holds): Promise<void> {
    return this.store.update(kind, (holds) => change(this.inForce(holds)));
  }

  private inForce(holds: Holds): Holds {
    return holds.size === 0 ? holds : inForce(holds, this.context.date().getTime());
  }
}

/** The holds of these servers. */
export const heldOf = (servers: readonly Found[], holds: Holds): Hold[] =>
  servers.flatMap((server) => holds.get(holdKey(nameOf(server))) ?? []);

/** The holds of servers that a command line names, whether the table has them or not. @throws UsageError, ValueError */
export async function holdsNamed(
  { service, server, allServices }: ServersNamed,
  holds: Holds,
  context: Context,
): Promise<Hold[]> {
  if (service !== undefined && server !== undefined) {
    const of = await serviceArgument(service, context);
    const id = await serverArgument(server, of, context);
    return [holds.get(holdKey({ service: formatService(of), server: destinationKey(id) })) ?? []].flat();
  }
  const isNamed = serversNamed(allServices ?? service ?? '');
  return [...holds.values()].filter((hold) => {
    const { host, port } = parseServer(hold.server);
    return isNamed({ address: host, port: Number(port) });
  });
}

/** The holds in force, for a command that goes on without them: a file that cannot be read is a line on standard error. */
export function readableHolds(context: Context, stateDir?: string): Holds {
  try {
    return new HoldStore(context, stateDir).read();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    void context.err.write(`lvsadm: ${printable(error.message)}\n`);
    return noHolds;
  }
}

/** A server that was drained before it was held has its weight of before the drain. */
function weightBefore(server: Found, drained: DrainedWeights): number {
  const { weight } = server.destination;
  const before = weight === 0 ? drained.of(server) : undefined;
  return before?.same ? before.weight : weight;
}

const kind: StateKind<Holds> = {
  name: 'holds',
  empty: noHolds,
  parse: (value) =>
    new Map((value as readonly unknown[]).map(checkedHold).map((hold) => [holdKey(hold), hold])),
  format: (holds) => (holds.size === 0 ? undefined : [...holds.values()]),
  loss: 'it says which servers are held: mend it, or remove it to end all holds',
  // Without it servers would get clients that an operator took out.
  expendable: false,
  outlivesBoot: true,
};

/** The holds of the fleet, which the agent here has from its store. */
export const fleetHoldsKind: StateKind<Holds> = {
  ...kind,
  name: 'fleetholds',
  parse: (value) =>
    new Map([...kind.parse(value)].map(([key, hold]): [string, Hold] => [key, { ...hold, ofFleet: true }])),
  format: (holds) => [...holds.values()].map(({ ofFleet: _, ...hold }) => hold),
  loss: 'it says which servers the fleet holds: remove it, and the agent reads them from the store again',
};

/** @throws Error */
function checkedHold(value: unknown): Hold {
  const { service, server, weight, before, by, since, until, reason } = value as Partial<
    Record<keyof Hold, unknown>
  >;
  const isText = (one: unknown): one is string => typeof one === 'string';
  const isNumber = (one: unknown): one is number => Number.isSafeInteger(one);
  if (
    !(isText(service) && isText(server) && isText(by)) ||
    !(isNumber(weight) && isNumber(before) && isNumber(since)) ||
    !(until === undefined || isNumber(until)) ||
    !(reason === undefined || isText(reason))
  ) {
    throw new Error('it holds no list of holds');
  }
  return { service, server, weight, before, by, since, until, reason };
}
