/** The numbers of services and servers that `top` shows and sorts by, as data. The names are those of `list`. */
import { overloadOf } from '../../model/table.js';
import type { RatedServer, RatedService, RateName } from '../../observe/table/rates.js';
import { overloadPaints, type Theme } from '../../output/theme.js';
import { humanNumber } from '../../output/units.js';

export interface Measure {
  /** The heading of its column, in lower case. */
  readonly name: string;
  /** The column leaves a narrow terminal before those with lower numbers; one without a number stays. */
  readonly leaves?: number;
  readonly kind: 'count' | 'rate' | 'bytes' | 'share';
  /** Undefined if it is not known. */
  ofServer(server: RatedServer): number | undefined;
  /** Of the service itself, or of all its servers together. */
  ofService(service: RatedService): number | undefined;
  /** The colour of a server's cell, if it needs attention. */
  paintServer?(server: RatedServer): keyof Theme | undefined;
  paintService?(service: RatedService): keyof Theme | undefined;
}

type Count = 'weight' | 'activeConnections' | 'inactiveConnections' | 'persistentConnections';

const summed = (field: Count): Pick<Measure, 'kind' | 'ofServer' | 'ofService'> => ({
  kind: 'count',
  ofServer: (server) => server[field],
  ofService: ({ servers }) => servers.reduce((sum, server) => sum + server[field], 0),
});

/** A service has counters of its own, which also count what servers did that are gone. */
const rate = (name: string, field: RateName, kind: 'rate' | 'bytes', leaves?: number): Measure => ({
  name,
  kind,
  ...(leaves !== undefined && { leaves }),
  ofServer: ({ rates }) => rates?.[field],
  ofService: ({ rates }) => rates?.[field],
});

export const measures: readonly Measure[] = [
  {
    name: 'weight',
    ...summed('weight'),
    paintServer: ({ weight }) => (weight === 0 ? 'warning' : undefined),
    paintService: ({ servers }) => (servers.every(({ weight }) => weight === 0) ? 'error' : undefined),
  },
  {
    name: 'active',
    ...summed('activeConnections'),
    paintServer: (server) => overloadPaints[overloadOf(server)],
  },
  { name: 'inactive', leaves: 6, ...summed('inactiveConnections') },
  { name: 'persistent', leaves: 9, ...summed('persistentConnections') },
  rate('cps', 'connections', 'rate', 1),
  {
    name: 'share',
    leaves: 2,
    kind: 'share',
    ofServer: ({ share }) => share,
    ofService: () => undefined,
  },
  rate('inpps', 'inPackets', 'rate', 7),
  rate('outpps', 'outPackets', 'rate', 8),
  rate('inbps', 'inBytes', 'bytes', 4),
  rate('outbps', 'outBytes', 'bytes', 5),
];

/** The same of the columns that are no measures. */
export const SPARKLINE_LEAVES = 3;
/** As that of the shares: of two, the one on the right leaves first. */
export const HEALTH_LEAVES = 2;
export const SCHEDULER_LEAVES = 10;

/** How rates are written: bytes or bits with units of 1000, or bytes with all digits. */
export const unitNames = ['bytes', 'bits', 'exact'] as const;
export type Units = (typeof unitNames)[number];

export const headingOf = ({ name, kind }: Measure, units: Units): string =>
  kind === 'bytes' && units === 'bits' ? name.replace('bps', 'bit/s').toUpperCase() : name.toUpperCase();

const NONE = '-';

export function cellText({ kind }: Measure, value: number | undefined, units: Units): string {
  if (value === undefined) return NONE;
  if (kind === 'count') return String(value);
  if (kind === 'share') return `${Math.round(value * 100)}%`;
  return rateText(kind === 'bytes' && units === 'bits' ? value * 8 : value, units);
}

/** Small rates have a decimal: `0.3`. */
export function rateText(value: number, units: Units): string {
  const isSmall = value < 9.95 && !Number.isInteger(value);
  if (isSmall) return value.toFixed(1);
  return units === 'exact' ? String(Math.round(value)) : humanNumber(value);
}
