/** Holds: servers that an operator keeps at a weight, whatever documents and checks say. */
import { printable } from '../foreign-text.js';
import { timeFrom } from './local-time.js';

export interface Hold {
  /** `tcp://192.0.2.10:80` */
  readonly service: string;
  /** `198.51.100.7:80` */
  readonly server: string;
  readonly weight: number;
  /** The weight before the hold: the server gets it back where no agent knows a better one. */
  readonly before: number;
  /** Name of the user. */
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Milliseconds since 1970; undefined: until it is released. */
  readonly until?: number | undefined;
  /** At most {@link LONGEST_REASON} bytes. */
  readonly reason?: string | undefined;
  /** It holds on all directors of the fleet: its store has it. */
  readonly ofFleet?: true | undefined;
}

/** A hold without its server. */
export type HoldTerms = Pick<Hold, 'weight' | 'by' | 'since' | 'until' | 'reason' | 'ofFleet'>;

/** Bytes, in UTF-8. */
export const LONGEST_REASON = 200;

/** By `holdKey`. */
export type Holds = ReadonlyMap<string, Hold>;

export const noHolds: Holds = new Map();

export const holdKey = ({ service, server }: Pick<Hold, 'service' | 'server'>): string =>
  `${service} ${server}`;

/** The holds of a director: its own one wins over that of the fleet. */
export const withOwnHolds = (fleet: Holds, own: Holds): Holds => new Map([...fleet, ...own]);

/** Whether a hold would replace another one by one of another weight, or that ends earlier. */
export const isWeakened = (
  hold: Hold,
  { weight, until = Number.POSITIVE_INFINITY }: Pick<Hold, 'weight' | 'until'>,
): boolean => hold.weight !== weight || until < (hold.until ?? Number.POSITIVE_INFINITY);

/** The holds that have not expired. @param now milliseconds since 1970 */
export const inForce = (holds: Holds, now: number): Holds =>
  new Map([...holds].filter(([, { until }]) => until === undefined || until > now));

/** `held at 0 by root since 14:02 until 18:00: disk`; moments of another day than `now` with their dates. */
export function holdText({ weight, by, since, until, reason, ofFleet }: HoldTerms, now: number): string {
  const where = ofFleet ? ' in the fleet' : '';
  const end = until === undefined ? '' : ` until ${momentText(until, now)}`;
  const why = reason === undefined ? '' : `: ${reason}`;
  return printable(`held${where} at ${weight} by ${by} since ${momentText(since, now)}${end}${why}`);
}

/** A hold in JSON: times in ISO 8601, UTC. */
export interface HoldRecord {
  readonly weight: number;
  readonly by: string;
  readonly since: string;
  readonly until: string | null;
  readonly reason: string | null;
  /** Left out of a hold of one director. */
  readonly fleet?: true;
}

export const holdRecord = ({ weight, by, since, until, reason, ofFleet }: HoldTerms): HoldRecord => ({
  weight,
  by,
  since: new Date(since).toISOString(),
  until: until === undefined ? null : new Date(until).toISOString(),
  reason: reason ?? null,
  ...(ofFleet && { fleet: ofFleet }),
});

/** What `holdRecord` made a record of. */
export const holdFrom = ({ weight, by, since, until, reason, fleet }: HoldRecord): HoldTerms => ({
  weight,
  by,
  since: Date.parse(since),
  until: until === null ? undefined : Date.parse(until),
  reason: reason ?? undefined,
  ofFleet: fleet,
});

/** Without seconds. */
const momentText = (moment: number, now: number): string => timeFrom(now, moment).slice(0, -':00'.length);
