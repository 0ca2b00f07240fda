/** The weights of drained servers. The kernel keeps no trace of the weight that a server had before its drain, so the store does. */
import type { StateKind } from '../../../system/files/state-kind.js';
import type { Store } from '../../../system/files/store.js';
import { type Found, nameOf } from '../server.js';

/** A server as it was when it was drained. */
interface Drained {
  readonly service: string;
  readonly server: string;
  readonly weight: number;
  /** The kernel's counter of its connections, in decimal: that of a server that was removed and added again starts at 0. */
  readonly connections: string;
}

export class DrainedWeights {
  constructor(private readonly store: Store) {}

  /** The weight before the drain, and whether the server is still the same entry; undefined if lvsadm did not drain it. */
  of(server: Found): { readonly weight: number; readonly same: boolean } | undefined {
    return weightIn(this.store.read(kind), server);
  }

  /** The same for many servers, as of one moment: the file is read once, when the first is asked for. */
  snapshot(): Pick<DrainedWeights, 'of'> {
    let all: Weights | undefined;
    return {
      of: (server) => {
        all ??= this.store.read(kind);
        return weightIn(all, server);
      },
    };
  }

  remember(servers: readonly Found[]): Promise<void> {
    return this.store.update(kind, (all) => {
      const drained = servers.map((server): [string, Drained] => [keyOf(server), drainedFrom(server)]);
      return new Map([...all, ...drained]);
    });
  }

  /** Does nothing where none of them is remembered. */
  async forget(servers: readonly Found[]): Promise<void> {
    const keys = servers.map(keyOf);
    const known = this.store.read(kind);
    if (!keys.some((key) => known.has(key))) return;
    await this.store.update(kind, (all) => new Map([...all].filter(([key]) => !keys.includes(key))));
  }
}

type Weights = ReadonlyMap<string, Drained>;

const kind: StateKind<Weights> = {
  name: 'weights',
  empty: new Map(),
  parse: (value) =>
    new Map((value as readonly unknown[]).map(checked).map((each) => [keyOfNames(each), each])),
  format: (weights) => (weights.size === 0 ? undefined : [...weights.values()]),
  loss: 'the weights of servers that were drained before are lost: set them with lvsadm weight',
  expendable: true,
};

function weightIn(all: Weights, server: Found): ReturnType<DrainedWeights['of']> {
  const drained = all.get(keyOf(server));
  if (drained === undefined) return undefined;
  const same = server.destination.stats.connections >= BigInt(drained.connections);
  return { weight: drained.weight, same };
}

/** @throws Error */
function checked(value: unknown): Drained {
  const { service, server, weight, connections } = value as Partial<Record<keyof Drained, unknown>>;
  const isDrained =
    typeof service === 'string' &&
    typeof server === 'string' &&
    Number.isSafeInteger(weight) &&
    /^\d+$/.test(String(connections));
  if (!isDrained) throw new Error('it holds no weights');
  return { service, server, weight: Number(weight), connections: String(connections) };
}

const drainedFrom = (server: Found): Drained => ({
  ...nameOf(server),
  weight: server.destination.weight,
  connections: String(server.destination.stats.connections),
});

const keyOf = (server: Found): string => keyOfNames(nameOf(server));

const keyOfNames = ({ service, server }: Pick<Drained, 'service' | 'server'>): string =>
  `${service} ${server}`;
