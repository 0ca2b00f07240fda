/**
 * The schema of desired-state documents: shapes, words and ranges. What several values must agree on (families, ports, names) is
 * checked by convert.ts. The noun phrase of each check says what would be right; schema-errors.ts makes sentences of them.
 */

import { kernelDaemonDefaults } from '../model/daemon.js';
import { forwardingMethods, tunnelChecksums, tunnelTypes } from '../model/destination.js';
import { destinationNumbers, type NumberField, type SwitchField, serviceSwitches } from '../model/fields.js';
import { INTERFACE, interfacePattern } from '../model/interface.js';
import {
  persistenceRange,
  portRange,
  syncIdRange,
  syncMessageRange,
  timeoutRange,
  ttlRange,
} from '../model/limits.js';
import { OWNED, ownedPattern } from '../model/ownership.js';
import { schedulerFlagNames, schedulers } from '../model/schedulers.js';
import { only } from './audience.js';
import { agent, check, health } from './check-shapes.js';
import { settings } from './setting-shapes.js';
import {
  boolean,
  described,
  type Infer,
  integer,
  list,
  type Optional,
  object,
  oneOf,
  optional,
  text,
  union,
} from './shape.js';

const HOST = '(?:\\[[0-9A-Fa-f:.]+\\]|[^\\s:/\\[\\]]+)';
const PORT = '[A-Za-z0-9][\\w./+-]*';

/** For editors: what parseService and parseServer of model/service-uri.ts refuse for sure. */
const servicePattern = new RegExp(
  `^(?:(?:[Tt][Cc][Pp]|[Uu][Dd][Pp]|[Ss][Cc][Tt][Pp])://${HOST}:${PORT}|[Ff][Ww][Mm][Aa][Rr][Kk]://[0-9]+(?:/inet6?)?)$`,
);
const serverPattern = new RegExp(`^(?:${HOST}(?::${PORT})?|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)$`);

const method = described(
  oneOf(...forwardingMethods),
  'How packets reach the server: direct routing, network address translation, or a tunnel (default: dr). local and bypass are words of the kernel that export may write.',
);

const tunnelNames = Object.keys(tunnelTypes) as readonly (keyof typeof tunnelTypes)[];

const tunnel = described(
  object('a tunnel such as {type: gue, port: 6080}', {
    type: optional(oneOf(...tunnelNames)),
    port: optional(
      described(
        integer(portRange),
        'UDP port of the gue encapsulation, which needs one; the others have none.',
      ),
    ),
    checksum: optional(
      described(
        oneOf(...tunnelChecksums),
        'Checksums of the encapsulation; remcsum is for gue (default: nocsum).',
      ),
    ),
  }),
  'Encapsulation of method tun (default: ipip without a checksum).',
);

/** The shape of each field of a table in model/fields.ts. */
const shapesOf = <N extends string, F, T>(
  fields: Readonly<Record<N, F>>,
  shapeOf: (field: F) => Optional<T>,
): { readonly [K in N]: Optional<T> } =>
  Object.fromEntries(Object.entries<F>(fields).map(([name, field]) => [name, shapeOf(field)])) as {
    [K in N]: Optional<T>;
  };

const numberShape = (field: NumberField) => optional(described(integer(field), field.about));

const switchShape = ({ about }: SwitchField) => optional(described(boolean('true or false'), about));

const serverSettings = {
  method: optional(method),
  ...shapesOf(destinationNumbers, numberShape),
  tunnel: optional(tunnel),
  agent: optional(agent),
};

const serverAddress = described(
  text('a server such as 198.51.100.7:80'),
  "Address or host name of the real server, and its port: 198.51.100.7:80, [2001:db8::7]:80. Without a port it is the service's.",
  serverPattern,
);

const server = union(
  [
    serverAddress,
    object('a server such as {server: 198.51.100.7:80, weight: 1}', {
      server: serverAddress,
      ...serverSettings,
      check: optional(check),
    }),
  ],
  'a server such as 198.51.100.7:80, or {server: 198.51.100.7:80, weight: 1}',
);

const PERSISTENCE = 'true, false, a number of seconds, or settings such as {timeout: 300}';

const seconds = described(
  integer(persistenceRange),
  'Seconds that a client stays with its server, up to 31 days.',
);

const persistence = described(
  union(
    [
      boolean(PERSISTENCE),
      seconds,
      object(PERSISTENCE, {
        timeout: optional(seconds),
        netmask: optional(
          described(
            union(
              [text('a netmask'), integer({ min: 0, max: 128 })],
              'a mask such as 255.255.255.0, or a prefix length',
            ),
            'Clients that count as one: a mask such as 255.255.255.0, or a prefix length such as 24 or 64 (default: each address by itself).',
          ),
        ),
        engine: optional(
          described(
            text('the name of a persistence engine, such as sip', /^[\w-]{1,15}$/),
            'Persistence engine that recognises clients by content.',
          ),
        ),
      }),
    ],
    PERSISTENCE,
  ),
  'Packets of one client go to one server: true (360 seconds), seconds, settings, or false.',
);

const serviceSettings = {
  scheduler: optional(
    described(
      text('the name of a scheduler, such as wlc', /^[\w-]{1,15}$/),
      `Scheduling algorithm: ${schedulers.join(', ')}, or any other that the kernel has (default: wlc).`,
    ),
  ),
  schedulerFlags: optional(
    described(
      list(oneOf(...schedulerFlagNames), 'a list of scheduler flags'),
      'Flags of the scheduler, which gives them their meaning (default: none).',
    ),
  ),
  persistence: optional(persistence),
  ...shapesOf(serviceSwitches, switchShape),
};

const servers = list(server, 'a list of servers; [] for none');

const service = object('a service such as {service: tcp://192.0.2.10:80, servers: [198.51.100.7:80]}', {
  service: described(
    text('a service such as tcp://192.0.2.10:80'),
    'tcp://192.0.2.10:80, udp://[2001:db8::1]:53, sctp://192.0.2.10:5060, or fwmark://7.',
    servicePattern,
  ),
  family: optional(
    described(oneOf('inet', 'inet6'), 'Address family of a firewall mark (default: inet) or of a host name.'),
  ),
  only,
  ...serviceSettings,
  check: optional(check),
  health: optional(health),
  defaults: optional(
    described(
      object('settings of servers', serverSettings),
      'Settings of those servers of this service that have none of their own.',
    ),
  ),
  servers: optional(servers),
});

const daemonSettings = {
  interface: described(text(INTERFACE, interfacePattern), 'Interface whose multicast the daemon uses.'),
  id: optional(
    described(integer(syncIdRange), 'Number of the master that a backup listens to (default 0: all).'),
  ),
  maxLength: optional(
    described(
      integer(syncMessageRange),
      "Largest message, in bytes (default: as the interface's MTU allows).",
    ),
  ),
  group: optional(
    described(
      text('a multicast address such as 224.0.0.81'),
      `Multicast group (default: ${kernelDaemonDefaults.group}).`,
    ),
  ),
  port: optional(described(integer(portRange), `UDP port (default: ${kernelDaemonDefaults.port}).`)),
  ttl: optional(
    described(integer(ttlRange), `Hops that a message may take (default: ${kernelDaemonDefaults.ttl}).`),
  ),
};

const daemon = object('a sync daemon such as {interface: eth0, id: 1}', daemonSettings);

const directorName = text('the name of a director, such as lb1');
const directors = union(
  [directorName, list(directorName, 'a list of names of directors')],
  'the name of a director such as lb1, or a list of them',
);

const peers = object(
  'directors and their daemon settings such as {master: lb1, backup: lb2, interface: eth0, id: 1}',
  {
    master: described(directors, 'Directors that send their connections: they run a master daemon.'),
    backup: described(directors, 'Directors that take the connections: they run a backup daemon.'),
    ...daemonSettings,
  },
);

const timeout = (description: string) => optional(described(integer(timeoutRange), description));

export const document = object('a document with services, timeouts, sync and defaults', {
  $schema: optional(text('the address of a JSON Schema')),
  only,
  owns: optional(
    described(
      list(
        described(
          text(OWNED),
          '192.0.2.0/24, 192.0.2.7, 2001:db8::/32, fwmark 1-99, or fwmark 7.',
          ownedPattern,
        ),
        `a list of what this document owns, such as ['192.0.2.0/24', 'fwmark 1-99']`,
      ),
      'The services that --prune may remove: those at addresses in these networks, and with these firewall marks (default: all).',
    ),
  ),
  defaults: optional(
    object('defaults such as {service: {scheduler: wrr}, server: {method: nat}}', {
      service: optional(object('settings of services', serviceSettings)),
      server: optional(object('settings of servers', serverSettings)),
      check: optional(check),
      health: optional(health),
    }),
  ),
  timeouts: optional(
    object('timeouts such as {tcp: 900, tcpFin: 120, udp: 300}', {
      tcp: timeout('Seconds that an idle TCP connection is remembered.'),
      tcpFin: timeout('Seconds that a TCP connection is remembered after a FIN.'),
      udp: timeout('Seconds that an idle UDP flow is remembered.'),
    }),
  ),
  settings: optional(settings),
  sync: optional(
    described(
      object('sync daemons such as {master: {interface: eth0, id: 1}}; {} for none', {
        master: optional(daemon),
        backup: optional(daemon),
        peers: optional(
          described(
            list(peers, 'a list such as [{master: lb1, backup: lb2, interface: eth0, id: 1}]'),
            'The daemons of all directors by name, instead of master and backup. A director that is not named runs none.',
          ),
        ),
      }),
      'The connection synchronization daemons.',
    ),
  ),
  services: optional(list(service, 'a list of services; [] for none')),
});

export type DocumentValue = Infer<typeof document>;
export type ServiceValue = Infer<typeof service>;
export type ServerValue = Infer<typeof server>;
export type ServerSettings = Omit<Exclude<ServerValue, string>, 'server'>;
export type ServiceSettings = Pick<ServiceValue, keyof typeof serviceSettings>;
export type PersistenceValue = NonNullable<ServiceValue['persistence']>;
export type DaemonValue = Infer<typeof daemon>;

/** The JSON Schema of documents, for editors. */
export async function documentJsonSchema(): Promise<object> {
  const z = await import('zod/mini');
  return { title: 'lvsadm desired state', ...z.toJSONSchema(document.schema(z), { io: 'input' }) };
}
