/** The numbers of services and servers that `list` shows, sorts by and filters by, as data. */
import type { DestinationCount, DestinationNumber } from '../../model/fields.js';
import type { Stats } from '../../model/stats.js';
import { type DestinationEntry, overloadOf } from '../../model/table.js';
import { overloadPaints, type Theme } from '../../output/theme.js';
import type { Entry } from './entries.js';

type Quantity = number | bigint;

export interface Measure {
  /** The heading of its column, in lower case. */
  readonly name: string;
  /** The column leaves a narrow terminal before those with lower numbers; one without a number stays. */
  readonly leaves?: number;
  /** Whether 0 means none, and the column is left out where all are 0. */
  readonly optional?: true;
  /** Whether --human gives it a unit: weights, thresholds and current connections are settings or small. */
  readonly scaled?: true;
  ofServer(server: DestinationEntry): Quantity;
  /** Of all servers of the service together. */
  ofService(entry: Entry): Quantity;
  /** The colour of a server's cell, if it needs attention. */
  paintServer?(server: DestinationEntry): keyof Theme | undefined;
  paintService?(entry: Entry): keyof Theme | undefined;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const summed = (field: DestinationNumber | DestinationCount): Pick<Measure, 'ofServer' | 'ofService'> => ({
  ofServer: (server) => server[field],
  ofService: ({ destinations }) => sum(destinations.map((server) => server[field])),
});

/** A limit of the service: there is none as long as one server has none. */
const limit = (field: DestinationNumber): Pick<Measure, 'ofServer' | 'ofService'> => ({
  ofServer: (server) => server[field],
  ofService: ({ destinations }) =>
    destinations.some((server) => server[field] === 0) ? 0 : sum(destinations.map((server) => server[field])),
});

/** A service has counters of its own, which also count what servers did that are gone. */
const counter = (name: string, field: keyof Stats, leaves?: number): Measure => ({
  name,
  scaled: true,
  ...(leaves !== undefined && { leaves }),
  ofServer: ({ stats }) => stats[field],
  ofService: ({ service }) => service.stats[field],
});

const connections: readonly Measure[] = [
  {
    name: 'weight',
    ...summed('weight'),
    paintServer: ({ weight }) => (weight === 0 ? 'warning' : undefined),
    paintService: ({ destinations }) =>
      destinations.every(({ weight }) => weight === 0) ? 'error' : undefined,
  },
  {
    name: 'active',
    ...summed('activeConnections'),
    paintServer: (server) => overloadPaints[overloadOf(server)],
  },
  { name: 'inactive', leaves: 1, ...summed('inactiveConnections') },
  { name: 'persistent', leaves: 4, ...summed('persistentConnections') },
  { name: 'upper', leaves: 2, optional: true, ...limit('upperThreshold') },
  { name: 'lower', leaves: 3, optional: true, ...limit('lowerThreshold') },
];

const counters: readonly Measure[] = [
  counter('conns', 'connections'),
  counter('inpkts', 'inPackets', 3),
  counter('outpkts', 'outPackets', 4),
  counter('inbytes', 'inBytes', 1),
  counter('outbytes', 'outBytes', 2),
];

const rates: readonly Measure[] = [
  counter('cps', 'connectionRate'),
  counter('inpps', 'inPacketRate', 3),
  counter('outpps', 'outPacketRate', 4),
  counter('inbps', 'inByteRate', 1),
  counter('outbps', 'outByteRate', 2),
];

/** What a listing shows. */
export const views = { connections, counters, rates } as const;

export const measures: readonly Measure[] = Object.values(views).flat();

/** @param by the name of a measure: the largest first, services and the servers of each; any other leaves the order as it is */
export function sortEntries(entries: readonly Entry[], by: string): Entry[] {
  const measure = measures.find(({ name }) => name === by);
  if (measure === undefined) return [...entries];
  const sorted = largestFirst(entries, (entry) => measure.ofService(entry));
  return sorted.map((entry) => ({
    ...entry,
    shown: largestFirst(entry.shown, (server) => measure.ofServer(server)),
  }));
}

function largestFirst<T>(items: readonly T[], quantity: (item: T) => Quantity): T[] {
  const keyed = items.map((item) => ({ item, key: quantity(item) }));
  return keyed.sort((a, b) => Number(a.key < b.key) - Number(a.key > b.key)).map(({ item }) => item);
}
