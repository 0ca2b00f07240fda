/**
 * The fields of a service and of a server besides their identity, as data. From a row of these tables follow: the type in the
 * model, the key of documents with range and default, the value of the option of -a and -e and its place in -S, the comparison of
 * `diff`, and the JSON. The attribute on the wire has the same name in ipvs/schema.ts, the option in ipvsadm/grammar/options.ts.
 * A test walks the tables, and fails where a row is not carried through.
 */
import { INT_MAX, type Range, U32_MAX } from './limits.js';

/** A whole number that an administrator sets. */
export interface NumberField extends Range {
  readonly default: number;
  /** One sentence for schemas and manuals: meaning, unit, and the meaning of 0. */
  readonly about: string;
}

/** Numbers that an administrator sets of a server, in the order of documents and `diff`. */
export const destinationNumbers = {
  weight: {
    min: 0,
    max: INT_MAX,
    default: 1,
    about: 'Capacity relative to the other servers; 0 takes no new connections.',
  },
  upperThreshold: {
    min: 0,
    max: U32_MAX,
    default: 0,
    about: 'Connections at which the server stops getting new ones; 0: no limit.',
  },
  lowerThreshold: {
    min: 0,
    max: U32_MAX,
    default: 0,
    about: 'Connections below which the server gets new ones again; 0: three quarters of upperThreshold.',
  },
} as const satisfies Readonly<Record<string, NumberField>>;

export type DestinationNumber = keyof typeof destinationNumbers;
export const destinationNumberNames = Object.keys(destinationNumbers) as readonly DestinationNumber[];

/** Counts of a server: connections in state ESTABLISHED, all other connections, and persistence templates. */
export const destinationCounts = [
  'activeConnections',
  'inactiveConnections',
  'persistentConnections',
] as const;

export type DestinationCount = (typeof destinationCounts)[number];

/** A property of a service that is on or off. */
export interface SwitchField {
  readonly about: string;
}

/** Switches of a service; persistence, which has settings of its own, is none. The bits are `serviceFlag` in ipvs/schema.ts. */
export const serviceSwitches = {
  onePacket: { about: 'One-packet scheduling: each UDP datagram is scheduled anew.' },
} as const satisfies Readonly<Record<string, SwitchField>>;

export type ServiceSwitch = keyof typeof serviceSwitches;
export const serviceSwitchNames = Object.keys(serviceSwitches) as readonly ServiceSwitch[];
