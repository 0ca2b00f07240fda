/**
 * Rates of services and servers: what their 64-bit counters gained between two samples, divided by the time between them. The rates
 * that the kernel has are smoothed over some seconds.
 */
import type { DestinationId, ForwardingMethod } from '../../model/destination.js';
import type { DestinationCount } from '../../model/fields.js';
import { type Service, serviceKey } from '../../model/service.js';
import { formatService } from '../../model/service-uri.js';
import type { Stats } from '../../model/stats.js';
import type { DestinationEntry } from '../../model/table.js';
import {
  type History,
  type HistorySpan,
  type HistoryStep,
  historyStep,
  nextHistory,
  totalOf,
} from './history.js';
import type { SampledService, TableSample } from './sample.js';

export const rateNames = [
  'connections',
  'inPackets',
  'outPackets',
  'inBytes',
  'outBytes',
] as const satisfies readonly (keyof Stats)[];
export type RateName = (typeof rateNames)[number];

/** Per second. */
export type Rates = Readonly<Record<RateName, number>>;

type Counters = Readonly<Record<RateName, number | bigint>>;

interface Rated {
  readonly counters: Counters;
  /** Undefined if there is no earlier sample of it, or its counters went back since: they were zeroed, or it was added again. */
  readonly rates: Rates | undefined;
  readonly history: History;
}

type ShownNumbers = Pick<DestinationEntry, 'weight' | 'upperThreshold' | 'lowerThreshold' | DestinationCount>;

export interface RatedServer extends Rated, ShownNumbers {
  readonly id: DestinationId;
  readonly method: ForwardingMethod;
  /** Its part of the connections that the service's servers got in the last minute, 0 to 1; undefined if they got none. */
  readonly share: number | undefined;
}

export interface RatedService extends Rated {
  readonly service: Service;
  /** As documents write it: `tcp://192.0.2.10:80`. */
  readonly name: string;
  readonly servers: readonly RatedServer[];
}

export interface RatedTable {
  /** Of the sample, in milliseconds. */
  readonly time: number;
  /** Between this sample and the one before; 0 for the first one. */
  readonly seconds: number;
  readonly span: HistorySpan;
  readonly services: readonly RatedService[];
}

/**
 * The table with its rates.
 * @param time of the sample, in milliseconds of a clock that never goes back
 * @param before the table of the sample before
 */
export function rateTable(sample: TableSample, time: number, before?: RatedTable): RatedTable {
  const seconds = before === undefined ? 0 : (time - before.time) / 1000;
  const step = historyStep(before?.span, before?.time ?? time, time);
  const earlier = new Map(before?.services.map((service) => [serviceKey(service.service.id), service]));
  const services = sample.services.map((sampled) =>
    rateService(sampled, sample, earlier.get(serviceKey(sampled.service.id)), { seconds, step }),
  );
  return { time, seconds, span: step.span, services };
}

/** The time between two samples. */
interface Interval {
  readonly seconds: number;
  readonly step: HistoryStep;
}

function rateService(
  { service, servers }: SampledService,
  { cursor }: TableSample,
  before: RatedService | undefined,
  interval: Interval,
): RatedService {
  const earlier = serverFinder(before?.servers ?? []);
  // Tables have 110,000 servers: objects are made once, with all their members.
  const rated = servers.map(({ index, address, port }, position): Writable<RatedServer> => {
    cursor.seek(index);
    const id = { address, port };
    const { counters, rates, history } = rate(
      countersFrom((name) => cursor.counter(name)),
      earlier(id, position),
      interval,
    );
    return {
      id,
      method: cursor.method(),
      weight: cursor.number('weight'),
      upperThreshold: cursor.number('upperThreshold'),
      lowerThreshold: cursor.number('lowerThreshold'),
      activeConnections: cursor.number('activeConnections'),
      inactiveConnections: cursor.number('inactiveConnections'),
      persistentConnections: cursor.number('persistentConnections'),
      counters,
      rates,
      history,
      share: undefined,
    };
  });
  const total = rated.reduce((sum, { history }) => sum + totalOf(history), 0);
  if (total > 0) for (const server of rated) server.share = totalOf(server.history) / total;
  const own = countersFrom((name) => service.stats[name]);
  return { service, name: formatService(service.id), servers: rated, ...rate(own, before, interval) };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const countersFrom = (read: (name: RateName) => number | bigint): Counters => ({
  connections: read('connections'),
  inPackets: read('inPackets'),
  outPackets: read('outPackets'),
  inBytes: read('inBytes'),
  outBytes: read('outBytes'),
});

/** Finds a server in the sample before: most stand at the same position in every sample. */
function serverFinder(
  before: readonly RatedServer[],
): (id: DestinationId, position: number) => RatedServer | undefined {
  const isSame = (a: DestinationId, b: DestinationId) => a.address === b.address && a.port === b.port;
  let byKey: Map<string, RatedServer> | undefined;
  const keyOf = ({ address, port }: DestinationId) => `${address} ${port}`;
  return (id, position) => {
    const candidate = before[position];
    if (candidate !== undefined && isSame(candidate.id, id)) return candidate;
    byKey ??= new Map(before.map((server) => [keyOf(server.id), server]));
    return byKey.get(keyOf(id));
  };
}

function rate(counters: Counters, before: Rated | undefined, { seconds, step }: Interval): Rated {
  const rates = before && seconds > 0 ? ratesBetween(before.counters, counters, seconds) : undefined;
  const gained = rates === undefined ? 0 : rates.connections * seconds;
  return { counters, rates, history: nextHistory(before?.history, gained, step) };
}

/** Undefined if a counter went back. All counters of a row are zeroed together, so that none of them can be trusted then. */
function ratesBetween(before: Counters, now: Counters, seconds: number): Rates | undefined {
  for (const name of rateNames) if (now[name] < before[name]) return undefined;
  const rate = (name: RateName): number => difference(now[name], before[name]) / seconds;
  return {
    connections: rate('connections'),
    inPackets: rate('inPackets'),
    outPackets: rate('outPackets'),
    inBytes: rate('inBytes'),
    outBytes: rate('outBytes'),
  };
}

const difference = (a: number | bigint, b: number | bigint): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : Number(BigInt(a) - BigInt(b));
