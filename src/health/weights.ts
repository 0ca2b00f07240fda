/** From the states of a service's servers to the kernel's weights: factors, floor, quorum and sorry server. Pure. */
import type { Health } from '../model/health.js';
import { INT_MAX } from '../model/limits.js';
import { nextStart, type SlowStart, startShare } from './slow-start.js';
import type { ServerState } from './state.js';

/** The weight of a server is the product of these, unless an operator holds it; each can be shown by itself. */
export interface Factors {
  /** The weight in the document. */
  readonly base: number;
  /** 1 while the server is up or held by the floor, else 0. */
  readonly health: 0 | 1;
  /** Rises to 1 after a failure; 0 at its first moment. */
  readonly slowStart: number;
  /** What the server's agent, a program or a file asks for: 1 for 100 %; 0 while the server drains or is in maintenance. */
  readonly agent: number;
  /** The weight at which an operator holds the server, whatever the others say; null: it is not held. */
  readonly operator: number | null;
}

/** A server as far as its weight is concerned. */
export interface WeighedServer {
  readonly state: ServerState;
  /** The weight in the document. */
  readonly weight: number;
  /** The weight at which an operator holds the server. */
  readonly held?: number | undefined;
  /** Share that the agent asks for (default: 1). 0 is the server's own decision: the floor does not count it. */
  readonly agent?: number | undefined;
  /** Share that programs and files ask for (default: 1). 0 is a result of a check, which the floor may overrule. */
  readonly reported?: number | undefined;
  /** The slow start until now (default: none). */
  readonly start?: SlowStart;
}

export interface ServerWeight {
  readonly weight: number;
  readonly factors: Factors;
  /** A check has taken the server out, and it stays because of the floor. */
  readonly isKept: boolean;
  /** The slow start from now on. */
  readonly start: SlowStart;
}

export interface ServiceWeights {
  /** In the order of the servers. */
  readonly servers: readonly ServerWeight[];
  /** Sum of the weights of servers that are up, slow starts left out: a server more never loses the quorum. */
  readonly weightUp: number;
  /** Whether the sorry server gets the clients: no other server does. */
  readonly needsSorry: boolean;
}

/** @param now milliseconds of the clock of the states */
export function serviceWeights(
  servers: readonly WeighedServer[],
  health: Pick<Health, 'floor' | 'floorOf' | 'slowStart'>,
  now: number,
): ServiceWeights {
  const kept = keptByFloor(servers, health);
  const weights = servers.map((server): ServerWeight => {
    const isKept = kept.has(server);
    const { state, weight, held = null, agent = 1, reported = 1 } = server;
    const isIn = state.isUp || isKept;
    const full: Factors = {
      base: weight,
      health: isIn ? 1 : 0,
      slowStart: 1,
      agent: agent * (isKept ? reported || 1 : reported),
      operator: held,
    };
    const start = nextStart(
      {
        state,
        before: server.start,
        isOut: !isIn,
        hasClients: productOf(full) > 0,
        isFloorHeld: kept.size > 0,
        duration: health.slowStart,
      },
      now,
    );
    const factors = { ...full, slowStart: startShare(start, health.slowStart, now) };
    return { weight: productOf(factors), factors, isKept, start };
  });
  const weightUp = weights.reduce(
    (sum, { factors, isKept }, index) =>
      sum + (isKept || !servers[index]?.state.isUp ? 0 : productOf({ ...factors, slowStart: 1 })),
    0,
  );
  return { servers: weights, weightUp, needsSorry: weights.every(({ weight }) => weight === 0) };
}

/** A whole number: at least 1 if no factor but that of the slow start is 0, so that a small share still gets clients. */
export function productOf({ base, health, slowStart, agent, operator }: Factors): number {
  if (operator !== null) return operator;
  if (base === 0 || health === 0 || agent === 0) return 0;
  return Math.min(Math.max(1, Math.round(base * slowStart * agent)), INT_MAX);
}

/**
 * The servers that checks have taken out and that stay, so that checks never take out more than the floor allows: those that still
 * answer, then those that failed last. Servers that an operator holds, and those that their agent or the document took out, are neither
 * counted nor kept.
 */
function keptByFloor(
  servers: readonly WeighedServer[],
  { floor, floorOf }: Pick<Health, 'floor' | 'floorOf'>,
): ReadonlySet<WeighedServer> {
  const present = servers.filter(
    ({ weight, held, agent }) => held === undefined && weight > 0 && agent !== 0,
  );
  const sizeOf = ({ weight }: WeighedServer): number => (floorOf === 'weight' ? weight : 1);
  const sum = (some: readonly WeighedServer[]) => some.reduce((total, server) => total + sizeOf(server), 0);
  const isIn = ({ state, reported }: WeighedServer): boolean => state.isUp && reported !== 0;
  const needed = (sum(present) * floor) / 100;
  let size = sum(present.filter(isIn));
  const kept = new Set<WeighedServer>();
  const lastFirst = present
    .filter((server) => !isIn(server))
    .toSorted((a, b) => Number(b.state.isUp) - Number(a.state.isUp) || b.state.since - a.state.since);
  for (const server of lastFirst) {
    if (size >= needed) break;
    kept.add(server);
    size += sizeOf(server);
  }
  return kept;
}

/**
 * Whether a service has its quorum.
 * @param before whether it had it; undefined at the start
 */
export function hasQuorum(weightUp: number, quorum: Health['quorum'], before?: boolean): boolean {
  const { weight, hysteresis } = quorum ?? { weight: 1, hysteresis: 0 };
  if (before === undefined) return weightUp >= weight;
  return weightUp >= (before ? weight - hysteresis : weight + hysteresis);
}
