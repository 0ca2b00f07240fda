/**
 * What the results of checks do to a service, as data. From a row follow the key of documents with its range and default, the type,
 * the JSON Schema, and the row in docs/agent.md.
 */
import type { Check, CheckOf } from './check.js';
import { type Destination, type DestinationId, destinationKey } from './destination.js';
import { INT_MAX } from './limits.js';
import type { Options, ValuesOf } from './option.js';

export const healthOptions = {
  floor: {
    value: 'percent',
    min: 0,
    max: 100,
    default: 50,
    about: 'Share of a service that checks never take out: the servers that failed last stay, marked.',
    example: '30%',
  },
  floorOf: {
    value: 'word',
    words: ['servers', 'weight'],
    default: 'servers',
    about: "What `floor` is a share of: the number of servers, or the sum of the document's weights.",
    example: 'weight',
  },
  slowStart: {
    value: 'duration',
    min: 0,
    max: 86_400_000,
    default: 0,
    about:
      'Time in which the weight of a server rises to its full value once it gets clients again after a failure; 0s: at once.',
    example: '60s',
  },
  onDown: {
    value: 'word',
    words: ['weight-0', 'remove'],
    default: 'weight-0',
    about:
      '`weight-0`: a server that is down keeps its connections and gets no new ones; `remove`: it loses them.',
    example: 'remove',
  },
  initially: {
    value: 'word',
    words: ['last-known', 'up', 'down'],
    default: 'last-known',
    about:
      'State of a server of which nothing is known; one that is known from before a reload or restart keeps its state. `last-known` is `up` for a new server.',
    example: 'down',
  },
  sorry: {
    value: 'group',
    about:
      'Server that gets the clients while no other server does (default: none). A floor above 0% keeps servers that are down in use instead.',
    example: '{ server: 198.51.100.99, method: nat }',
    options: {
      server: {
        value: 'server',
        required: true,
        about: "Address or host name, and port (default: the service's port).",
        example: '198.51.100.99',
      },
      method: {
        value: 'word',
        words: ['dr', 'nat', 'tun'],
        default: 'dr',
        about: 'Forwarding method; `tun` is ipip.',
        example: 'nat',
      },
    },
  },
  quorum: {
    value: 'group',
    about: 'Weight that a service needs to count as up (default: any server that is up).',
    example: '{ weight: 10, hysteresis: 2 }',
    options: {
      weight: {
        value: 'integer',
        min: 1,
        max: INT_MAX,
        default: 1,
        about: 'Sum of the weights of servers that are up.',
        example: '10',
      },
      hysteresis: {
        value: 'integer',
        min: 0,
        max: INT_MAX,
        default: 0,
        about: 'The quorum is lost below `weight` minus this, and won at `weight` plus this.',
        example: '2',
      },
      up: {
        value: 'command',
        about: 'Program to run when the quorum is won (default: none).',
        example: '[/usr/local/bin/announce, web]',
      },
      down: {
        value: 'command',
        about: 'Program to run when the quorum is lost (default: none).',
        example: '[/usr/local/bin/withdraw, web]',
      },
    },
  },
  passive: {
    value: 'group',
    about:
      'Watch the connection table for servers that do not answer, and check those at `fastEvery` (default: no).',
    example: '{ factor: 3, connections: 20 }',
    options: {
      factor: {
        value: 'integer',
        min: 2,
        max: 100,
        default: 3,
        about:
          "Suspect is a server whose share of SYN_RECV is this many times that of the service's other servers.",
        example: '5',
      },
      connections: {
        value: 'integer',
        min: 1,
        max: INT_MAX,
        unit: 'connections',
        default: 10,
        about: 'A server with fewer connections in SYN_RECV is never suspect.',
        example: '50',
      },
    },
  },
} as const satisfies Options;

/** What the results of checks do to a service. The quorum's hysteresis is smaller than its weight. */
export type Health = Omit<ValuesOf<typeof healthOptions>, 'sorry'> & {
  /** Its weight is 1. */
  readonly sorry?: Destination | undefined;
};

/** The checks of one server; undefined: it has none of this sort. */
export interface ServerChecks {
  readonly check?: Check | undefined;
  /** Asks the server itself for its state or its share of the weight. */
  readonly agent?: CheckOf<'agent'> | undefined;
}

/** The checks of a service's servers. */
export interface ServiceChecks {
  readonly usual: ServerChecks;
  /** Of the servers that have other checks than the usual, by `destinationKey`. */
  readonly own: ReadonlyMap<string, ServerChecks>;
}

const NONE: ServerChecks = {};

/** The checks of one server of a service. */
export const checksOf = (checks: ServiceChecks | undefined, id: DestinationId): ServerChecks =>
  checks?.own.get(destinationKey(id)) ?? checks?.usual ?? NONE;
