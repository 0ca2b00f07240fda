/** A service of the documents with the states of its servers: its weights, and the reason of each. */
import { checkKey, type PlacedCheck, placeFor } from '../health/run-checks.js';
import type { SlowStart } from '../health/slow-start.js';
import { initialState, type ServerState } from '../health/state.js';
import { hasQuorum, type ServerWeight, type ServiceWeights, serviceWeights } from '../health/weights.js';
import type { Check, CheckKind } from '../model/check.js';
import { type Destination, destinationKey } from '../model/destination.js';
import { checksOf, type Health } from '../model/health.js';
import type { Hold } from '../model/hold.js';
import { serviceKey } from '../model/service.js';
import { formatService } from '../model/service-uri.js';
import type { DesiredService } from '../model/state.js';
import { combinedState, type LastResult, Probe, type ProbeMemory } from './checks/probe.js';
import type { HeldServers } from './held-servers.js';
import type { AgentMemory } from './memory.js';

/** A check of a server, and what its results have said. */
export interface WatchedCheck {
  /** `tcp://192.0.2.10:80 198.51.100.7:80 check`: the same after a reload and a restart. */
  readonly key: string;
  readonly check: Check;
  readonly placed: PlacedCheck;
  readonly probe: Probe;
}

export interface WatchedServer {
  readonly destination: Destination;
  /** `198.51.100.7:80` */
  readonly name: string;
  readonly checks: readonly WatchedCheck[];
  start: SlowStart;
}

/** A service whose servers are checked. */
export interface CheckedService extends DesiredService {
  readonly destinations: readonly Destination[];
  readonly health: Health;
}

export const isChecked = (service: DesiredService): service is CheckedService =>
  service.health !== undefined && service.destinations !== undefined;

/** A hold that an operator asks about. */
export interface HoldAttempt {
  /** Names of the servers, such as `198.51.100.7:80`. */
  readonly servers: readonly string[];
  readonly weight: number;
}

export interface LostQuorum {
  /** Sum of the weights of the servers that are up and not held at 0. */
  readonly left: number;
  /** The least with which the quorum would be kept. */
  readonly needed: number;
}

const ALWAYS_UP: ServerState = { condition: 'up', isUp: true, count: 0, since: 0, hasFailed: false };

export class WatchedService {
  /** `tcp://192.0.2.10:80` */
  readonly name: string;
  readonly key: string;
  readonly servers: readonly WatchedServer[];
  /** Names of servers against which there is passive evidence. */
  suspects: ReadonlySet<string> = new Set();

  /**
   * @param probes of the documents before, by the keys of their checks: those that stay go on
   * @param known of the documents before, or at the end of an earlier run
   * @param held the holds of operators
   */
  constructor(
    readonly desired: CheckedService,
    probes: ReadonlyMap<string, Probe>,
    now: number,
    known: Pick<AgentMemory, 'probes' | 'starts'>,
    private readonly held: Pick<HeldServers, 'of'>,
  ) {
    this.name = formatService(desired.service.id);
    this.key = serviceKey(desired.service.id);
    this.servers = desired.destinations.map((destination) => {
      const name = destinationKey(destination.id);
      const own: [string, Check][] = Object.entries(checksOf(desired.checks, destination.id));
      const checks = own.map(([sort, check]): WatchedCheck => {
        const key = `${this.name} ${name} ${sort}`;
        const probe = probes.get(key);
        return {
          key,
          check,
          placed: placeFor(check, desired.service.id, destination),
          probe:
            probe?.memory.kind === check.kind
              ? probe
              : newProbe(check.kind, this.health, now, known.probes.get(key)),
        };
      });
      return { destination, name, checks, start: known.starts.get(`${this.name} ${name}`) };
    });
  }

  get health(): Health {
    return this.desired.health;
  }

  holdOf({ name }: WatchedServer): Hold | undefined {
    return this.held.of(this.name, name);
  }

  weights(now: number): ServiceWeights {
    return this.weightsOf(this.servers, now);
  }

  /** The service as the kernel is to have it now: weights of the states, and the sorry server if no other one gets clients. */
  desiredNow(now: number): DesiredService {
    const { servers, needsSorry } = this.weights(now);
    const { onDown, sorry } = this.health;
    const present = this.servers.flatMap(({ destination }, index) => {
      const { weight, factors } = servers[index] as ServerWeight;
      const isRemoved = factors.health === 0 && factors.operator === null && onDown === 'remove';
      return isRemoved ? [] : [{ ...destination, weight }];
    });
    const destinations = needsSorry && sorry !== undefined ? [...present, { ...sorry, weight: 1 }] : present;
    return { service: this.desired.service, destinations };
  }

  /** Lets slow starts begin and end: the weights of this moment are to be set. @returns whether one has */
  advance(now: number): boolean {
    const { servers } = this.weights(now);
    const changed = this.servers.filter((server, index) => server.start !== servers[index]?.start);
    this.servers.forEach((server, index) => {
      server.start = servers[index]?.start;
    });
    return changed.length > 0;
  }

  /** Whether a weight will change by itself. */
  get isStarting(): boolean {
    return this.servers.some(({ start }) => typeof start === 'number');
  }

  /**
   * Whether it has its quorum.
   * @param before undefined if results of this boot have not said it yet: then each server must have had a result of this run, and
   * servers that only states of earlier take for up do not count
   */
  quorum(now: number, before: boolean | undefined): boolean | undefined {
    const { quorum } = this.health;
    if (before !== undefined) return hasQuorum(this.weights(now).weightUp, quorum, before);
    if (!this.servers.every(hasResults)) return undefined;
    const sure = this.servers.filter((server) => stateOf(server).condition !== 'failing');
    if (hasQuorum(this.weightsOf(sure, now).weightUp, quorum)) return true;
    return sure.length === this.servers.length ? false : undefined;
  }

  /**
   * What a hold would leave of the quorum that the service has.
   * @param before whether it has it
   * @returns undefined if it is not lost
   */
  quorumAfterHold({ servers, weight }: HoldAttempt, now: number, before: boolean): LostQuorum | undefined {
    const { quorum } = this.health;
    const attempted = new Map(servers.map((name) => [name, weight]));
    const { weightUp } = this.weightsOf(this.servers, now, attempted);
    if (!before || hasQuorum(weightUp, quorum, before)) return undefined;
    return { left: weightUp, needed: quorum === undefined ? 1 : quorum.weight - quorum.hysteresis };
  }

  /** @param attempted weights of holds that are not there yet, by the names of servers */
  private weightsOf(
    servers: readonly WatchedServer[],
    now: number,
    attempted: ReadonlyMap<string, number> = new Map(),
  ): ServiceWeights {
    return serviceWeights(
      servers.map((server) => ({
        state: stateOf(server),
        weight: server.destination.weight,
        held: attempted.get(server.name) ?? this.holdOf(server)?.weight,
        agent: shareOf(server, ({ kind }) => kind === 'agent'),
        reported: shareOf(server, ({ kind }) => kind !== 'agent'),
        start: server.start,
      })),
      this.health,
      now,
    );
  }

  /** Why each server has its weight, by name; and the sorry server. */
  reasons(now: number): ReadonlyMap<string, string> {
    const { servers, needsSorry } = this.weights(now);
    const { sorry } = this.health;
    const reasons = new Map(
      this.servers.map((server, index) => [server.name, reasonOf(server, servers[index] as ServerWeight)]),
    );
    if (sorry !== undefined) {
      const others = needsSorry ? 'no other server gets clients' : 'another server gets clients';
      reasons.set(destinationKey(sorry.id), `sorry server, as ${others}`);
    }
    return reasons;
  }
}

/** The words of a check of another kind hold no more; the state does, so that a reload takes no server out. */
function newProbe(kind: CheckKind, health: Health, now: number, known: ProbeMemory | undefined): Probe {
  const state = initialState(health, now, known?.state);
  return new Probe(known?.kind === kind ? { ...known, state } : { kind, share: 1, isDrained: false, state });
}

export const stateOf = ({ checks }: WatchedServer): ServerState =>
  combinedState(checks.map(({ probe }) => probe.memory.state)) ?? ALWAYS_UP;

/** Whether each of its checks has had a result since the start. */
const hasResults = ({ checks }: WatchedServer): boolean =>
  checks.every(({ probe }) => probe.last !== undefined);

/** Share of the weight that some checks leave. */
const shareOf = ({ checks }: WatchedServer, which: (check: Check) => boolean): number =>
  checks
    .filter(({ check }) => which(check))
    .reduce((product, { probe: { memory } }) => product * (memory.isDrained ? 0 : memory.share), 1);

/** The last result that speaks for the server's state. */
export function lastOf(server: WatchedServer): LastResult | undefined {
  const { isUp } = stateOf(server);
  return server.checks.find(({ probe }) => probe.memory.state.isUp === isUp)?.probe.last;
}

/** `down, kept by the floor: connection refused`; `up: status 200; slow start 40%; agent 50%` */
function reasonOf(server: WatchedServer, { factors, isKept }: ServerWeight): string {
  const { isUp, condition } = stateOf(server);
  const told = lastOf(server)?.reason;
  const state = isUp ? (condition === 'unknown' ? 'not checked yet' : 'up') : 'down';
  const percent = (share: number): string => `${Math.round(share * 100)}%`;
  return [
    `${state}${isKept ? ', kept by the floor' : ''}${told === undefined ? '' : `: ${told}`}`,
    ...(factors.health === 1 && factors.slowStart < 1 ? [`slow start ${percent(factors.slowStart)}`] : []),
    ...(factors.agent === 1 ? [] : [`agent ${percent(factors.agent)}`]),
  ].join('; ');
}

/** A check that runs once for all servers that it is the same question to. */
export interface SharedCheck {
  readonly key: string;
  readonly placed: PlacedCheck;
  readonly members: readonly CheckMember[];
}

export interface CheckMember extends WatchedCheck {
  readonly service: WatchedService;
  readonly server: WatchedServer;
}

/** The keys of the shared checks of a server. */
export const checkKeysOf = ({ checks }: WatchedServer): string[] =>
  checks.map(({ placed }) => checkKey(placed));

/** The checks of all services, identical ones together. */
export function sharedChecks(services: readonly WatchedService[]): SharedCheck[] {
  const shared = new Map<string, SharedCheck & { readonly members: CheckMember[] }>();
  for (const service of services) {
    for (const server of service.servers) {
      for (const each of server.checks) {
        const { placed } = each;
        const key = checkKey(placed);
        const found = shared.get(key) ?? { key, placed, members: [] };
        found.members.push({ ...each, service, server });
        shared.set(key, found);
      }
    }
  }
  return [...shared.values()];
}
