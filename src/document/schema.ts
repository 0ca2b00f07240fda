/**
 * What a desired-state document may hold. The schema knows shapes, words and ranges; what depends on several values at
 * once (families, ports, names) is convert.ts's business. The message of each check is the noun phrase that says what
 * would be right; problems.ts makes sentences of them.
 */
import {
  boolean,
  described,
  type Infer,
  integer,
  list,
  object,
  oneOf,
  optional,
  text,
  union,
} from './shape.js';

const method = described(
  oneOf('dr', 'nat', 'tun', 'local', 'bypass'),
  'How packets reach the server: direct routing, network address translation, or a tunnel. local and bypass are words of the kernel that export may write.',
);

const tunnel = described(
  object('a tunnel such as {type: gue, port: 6080}', {
    type: optional(oneOf('ipip', 'gue', 'gre')),
    port: optional(
      described(integer(1, 65535), 'UDP port of the gue encapsulation; needed there, and only there.'),
    ),
    checksum: optional(
      described(oneOf('nocsum', 'csum', 'remcsum'), 'Checksums of the encapsulation; remcsum is for gue.'),
    ),
  }),
  'How tun encapsulates; ipip without a checksum where nothing is said.',
);

const serverSettings = {
  method: optional(method),
  weight: optional(
    described(integer(0, 2147483647), 'Capacity relative to the others; 0 takes no new connections.'),
  ),
  upperThreshold: optional(
    described(
      integer(0, 4294967295),
      'Connections at which the server stops getting new ones; 0 is no limit.',
    ),
  ),
  lowerThreshold: optional(
    described(
      integer(0, 4294967295),
      'Connections below which the server gets new ones again; 0 is three quarters of upperThreshold.',
    ),
  ),
  tunnel: optional(tunnel),
};

const serverAddress = described(
  text('a server such as 198.51.100.7:80'),
  "Address or host name of the real server, and its port: 198.51.100.7:80, [2001:db8::7]:80. Without a port it is the service's.",
);

const server = union(
  [
    serverAddress,
    object('a server such as {server: 198.51.100.7:80, weight: 1}', {
      server: serverAddress,
      ...serverSettings,
    }),
  ],
  'a server such as 198.51.100.7:80, or {server: 198.51.100.7:80, weight: 1}',
);

const PERSISTENCE = 'true, false, a number of seconds, or settings such as {timeout: 300}';

const seconds = described(integer(1, 2678400), 'Seconds that a client stays with its server, up to 31 days.');

const persistence = described(
  union(
    [
      boolean(PERSISTENCE),
      seconds,
      object(PERSISTENCE, {
        timeout: optional(seconds),
        netmask: optional(
          described(
            union([text('a netmask'), integer(0, 128)], 'a mask such as 255.255.255.0, or a prefix length'),
            'Which clients count as one: 255.255.255.0, or a prefix length such as 24 or 64.',
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

export const schedulerFlagWords = [
  'flag-1',
  'flag-2',
  'flag-3',
  'sh-fallback',
  'sh-port',
  'mh-fallback',
  'mh-port',
] as const;

const serviceSettings = {
  scheduler: optional(
    described(
      text('the name of a scheduler, such as wlc', /^[\w-]{1,15}$/),
      'Scheduling algorithm: rr, wrr, lc, wlc, lblc, lblcr, dh, sh, sed, nq, fo, ovf, mh, twos, or any other that the kernel has; wlc where nothing is said.',
    ),
  ),
  schedulerFlags: optional(
    described(
      list(oneOf(...schedulerFlagWords), 'a list of scheduler flags'),
      'What the scheduler makes of them is its own.',
    ),
  ),
  persistence: optional(persistence),
  onePacket: optional(
    described(boolean('true or false'), 'One-packet scheduling: each UDP datagram is scheduled anew.'),
  ),
};

const servers = list(server, 'a list of servers; [] for none');

const service = object('a service such as {service: tcp://192.0.2.10:80, servers: [198.51.100.7:80]}', {
  service: described(
    text('a service such as tcp://192.0.2.10:80'),
    'tcp://192.0.2.10:80, udp://[2001:db8::1]:53, sctp://192.0.2.10:5060, or fwmark://7.',
  ),
  family: optional(
    described(
      oneOf('inet', 'inet6'),
      'Address family of a firewall mark (inet where nothing is said) or of a host name.',
    ),
  ),
  ...serviceSettings,
  defaults: optional(
    described(
      object('settings of servers', serverSettings),
      'What applies to those servers of this service that say nothing themselves.',
    ),
  ),
  servers: optional(servers),
});

const daemon = object('a sync daemon such as {interface: eth0, id: 1}', {
  interface: described(
    text('the name of a network interface, at most 15 bytes', /^[^\s/]{1,15}$/),
    'Interface whose multicast the daemon uses.',
  ),
  id: optional(described(integer(0, 255), 'Which master a backup listens to; 0 is every one.')),
  maxLength: optional(described(integer(1, 65507), 'Largest message, in bytes.')),
  group: optional(
    described(
      text('a multicast address such as 224.0.0.81'),
      'Multicast group; 224.0.0.81 where nothing is said.',
    ),
  ),
  port: optional(described(integer(1, 65535), 'UDP port; 8848 where nothing is said.')),
  ttl: optional(described(integer(1, 255), 'Hops that a message may take; 1 where nothing is said.')),
});

/** The kernel takes up to 2147483647 divided by its own HZ, of which 100 is the smallest. */
const timeout = (description: string) => optional(described(integer(1, 21474836), description));

export const document = object('a document with services, timeouts, sync and defaults', {
  $schema: optional(text('the address of a JSON Schema')),
  defaults: optional(
    object('defaults such as {service: {scheduler: wrr}, server: {method: nat}}', {
      service: optional(object('settings of services', serviceSettings)),
      server: optional(object('settings of servers', serverSettings)),
    }),
  ),
  timeouts: optional(
    object('timeouts such as {tcp: 900, tcpFin: 120, udp: 300}', {
      tcp: timeout('Seconds that an idle TCP connection is remembered.'),
      tcpFin: timeout('Seconds that a TCP connection is remembered after a FIN.'),
      udp: timeout('Seconds that an idle UDP flow is remembered.'),
    }),
  ),
  sync: optional(
    described(
      object('sync daemons such as {master: {interface: eth0, id: 1}}; {} for none', {
        master: optional(daemon),
        backup: optional(daemon),
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
