/**
 * Command lines of ipvsadm, one for each kind of request and each attribute, and the call of our client that means the
 * same. What ipvsadm sends for them is in netlink.json, which record-netlink.ts wrote.
 */
import type { IpvsClient } from '../../src/ipvs/client.js';
import type { Change } from '../../src/model/change.js';
import { type Destination, plainTunnel } from '../../src/model/destination.js';
import type { Persistence, Service, ServiceId } from '../../src/model/service.js';

export interface VectorCase {
  /** Command lines that come first, so that the kernel does not refuse. */
  readonly given?: readonly string[];
  readonly run: string;
  /** The same, said to our client. */
  readonly ours: readonly ((client: IpvsClient) => Promise<unknown>)[];
}

const tcp: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const udp: ServiceId = { protocol: 'udp', address: '192.0.2.1', port: 53 };
const sctp: ServiceId = { protocol: 'sctp', address: '192.0.2.1', port: 7 };
const tcp6: ServiceId = { protocol: 'tcp', address: '2001:db8::1', port: 80 };
const udp6: ServiceId = { protocol: 'udp', address: '2001:db8::1', port: 53 };
const mark: ServiceId = { fwmark: 7, family: 'inet' };
const mark6: ServiceId = { fwmark: 7, family: 'inet6' };

const service = (id: ServiceId, more: Partial<Service> = {}): Service => ({
  id,
  scheduler: 'wlc',
  schedulerFlags: [],
  onePacket: false,
  ...more,
});

const persistent = (
  timeout: number,
  netmask = '255.255.255.255',
  engine?: string,
): { persistence: Persistence } => ({
  persistence: { timeout, netmask, engine },
});

const server = (address: string, port: number, more: Partial<Destination> = {}): Destination => ({
  id: { address, port },
  method: 'dr',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: plainTunnel,
  ...more,
});

const apply = (change: Change): VectorCase['ours'] => [(client) => client.apply(change)];

const add = (run: string, one: Service, ...given: string[]): VectorCase => ({
  given,
  run,
  ours: apply({ do: 'addService', service: one }),
});

/** A destination of a service that is added first. */
const serve = (first: string, of: ServiceId, run: string, destination: Destination): VectorCase => ({
  given: [first],
  run,
  ours: apply({ do: 'addDestination', of, destination }),
});

const toTcp = (run: string, destination: Destination): VectorCase =>
  serve('-A -t 192.0.2.1:80', tcp, `-a -t 192.0.2.1:80 ${run}`, destination);

const tunnelled = (type: 'ipip' | 'gue' | 'gre', port: number, checksum: 'nocsum' | 'csum' | 'remcsum') =>
  server('198.51.100.7', 80, { method: 'tun', tunnel: { type, port, checksum } });

export const cases: readonly VectorCase[] = [
  // Services
  add('-A -t 192.0.2.1:80', service(tcp)),
  add('-A -u 192.0.2.1:53 -s rr', service(udp, { scheduler: 'rr' })),
  add('-A --sctp-service 192.0.2.1:7 -s lblcr', service(sctp, { scheduler: 'lblcr' })),
  add('-A -t [2001:db8::1]:80 -s wrr', service(tcp6, { scheduler: 'wrr' })),
  add('-A -f 7 -s nq', service(mark, { scheduler: 'nq' })),
  add('-A -f 7 -6 -s sed', service(mark6, { scheduler: 'sed' })),
  add('-A -t 192.0.2.1:80 -p', service(tcp, persistent(360))),
  add('-A -t 192.0.2.1:0 -p 1', service({ ...tcp, port: 0 }, persistent(1))),
  add('-A -t 192.0.2.1:80 -p 600 -M 255.255.255.0', service(tcp, persistent(600, '255.255.255.0'))),
  add('-A -t [2001:db8::1]:80 -p', service(tcp6, persistent(360, '128'))),
  add('-A -t [2001:db8::1]:80 -p 600 -M 64', service(tcp6, persistent(600, '64'))),
  add(
    '-A -u 192.0.2.1:5060 -p 60 --pe sip',
    service({ ...udp, port: 5060 }, persistent(60, undefined, 'sip')),
  ),
  add('-A -u 192.0.2.1:53 -o -s rr', service(udp, { scheduler: 'rr', onePacket: true })),
  add(
    '-A -t 192.0.2.1:80 -s sh -b sh-fallback,sh-port',
    service(tcp, { scheduler: 'sh', schedulerFlags: ['flag-1', 'flag-2'] }),
  ),
  add('-A -t 192.0.2.1:80 -s wrr -b flag-3', service(tcp, { scheduler: 'wrr', schedulerFlags: ['flag-3'] })),
  {
    given: ['-A -t 192.0.2.1:80 -p'],
    run: '-E -t 192.0.2.1:80 -s rr',
    ours: apply({ do: 'editService', service: service(tcp, { scheduler: 'rr' }) }),
  },
  {
    given: ['-A -f 7 -6'],
    run: '-E -f 7 -6 -s rr -p 60 -M 48',
    ours: apply({ do: 'editService', service: service(mark6, { scheduler: 'rr', ...persistent(60, '48') }) }),
  },
  { given: ['-A -t 192.0.2.1:80'], run: '-D -t 192.0.2.1:80', ours: apply({ do: 'deleteService', id: tcp }) },
  {
    given: ['-A -u [2001:db8::1]:53'],
    run: '-D -u [2001:db8::1]:53',
    ours: apply({ do: 'deleteService', id: udp6 }),
  },
  { given: ['-A -f 7'], run: '-D -f 7', ours: apply({ do: 'deleteService', id: mark }) },
  { given: ['-A -f 7 -6'], run: '-D -f 7 -6', ours: apply({ do: 'deleteService', id: mark6 }) },

  // Destinations
  toTcp('-r 198.51.100.7:80', server('198.51.100.7', 80)),
  toTcp('-r 198.51.100.7:80 -g -w 0', server('198.51.100.7', 80, { weight: 0 })),
  toTcp('-r 198.51.100.7:8080 -m -w 65535', server('198.51.100.7', 8080, { method: 'nat', weight: 65535 })),
  toTcp('-r 198.51.100.7:80 -i', server('198.51.100.7', 80, { method: 'tun' })),
  toTcp('-r 198.51.100.7:80 -i --tun-type ipip', tunnelled('ipip', 0, 'nocsum')),
  toTcp('-r 198.51.100.7:80 -i --tun-type gue --tun-port 6080', tunnelled('gue', 6080, 'nocsum')),
  toTcp('-r 198.51.100.7:80 -i --tun-type gue --tun-port 6080 --tun-csum', tunnelled('gue', 6080, 'csum')),
  toTcp(
    '-r 198.51.100.7:80 -i --tun-type gue --tun-port 6080 --tun-remcsum',
    tunnelled('gue', 6080, 'remcsum'),
  ),
  toTcp('-r 198.51.100.7:80 -i --tun-type gre', tunnelled('gre', 0, 'nocsum')),
  toTcp('-r 198.51.100.7:80 -i --tun-type gre --tun-csum', tunnelled('gre', 0, 'csum')),
  toTcp(
    '-r 198.51.100.7:80 -x 2147483647 -y 100',
    server('198.51.100.7', 80, { upperThreshold: 0x7fffffff, lowerThreshold: 100 }),
  ),
  toTcp('-r [2001:db8::7]:80 -i', server('2001:db8::7', 80, { method: 'tun' })),
  serve('-A -t [2001:db8::1]:80', tcp6, '-a -t [2001:db8::1]:80 -r [2001:db8::7]:8080 -m', {
    ...server('2001:db8::7', 8080, { method: 'nat' }),
  }),
  serve('-A -u [2001:db8::1]:53', udp6, '-a -u [2001:db8::1]:53 -r 198.51.100.7 -i', {
    ...server('198.51.100.7', 53, { method: 'tun' }),
  }),
  serve('-A -f 7', mark, '-a -f 7 -r 198.51.100.7:0', server('198.51.100.7', 0)),
  serve('-A -f 7 -6', mark6, '-a -f 7 -6 -r [2001:db8::7]:0', server('2001:db8::7', 0)),
  {
    given: ['-A -t 192.0.2.1:80', '-a -t 192.0.2.1:80 -r 198.51.100.7:80'],
    run: '-e -t 192.0.2.1:80 -r 198.51.100.7:80 -m -w 5',
    ours: apply({
      do: 'editDestination',
      of: tcp,
      destination: server('198.51.100.7', 80, { method: 'nat', weight: 5 }),
    }),
  },
  {
    given: ['-A -t 192.0.2.1:80', '-a -t 192.0.2.1:80 -r 198.51.100.7:80'],
    run: '-d -t 192.0.2.1:80 -r 198.51.100.7:80',
    ours: apply({ do: 'deleteDestination', of: tcp, id: { address: '198.51.100.7', port: 80 } }),
  },
  {
    given: ['-A -f 7 -6', '-a -f 7 -6 -r [2001:db8::7]:0'],
    run: '-d -f 7 -6 -r [2001:db8::7]:0',
    ours: apply({ do: 'deleteDestination', of: mark6, id: { address: '2001:db8::7', port: 0 } }),
  },

  // The whole table, counters, timeouts, daemons
  { run: '-C', ours: apply({ do: 'flush' }) },
  { run: '-Z', ours: apply({ do: 'zeroAll' }) },
  { given: ['-A -t 192.0.2.1:80'], run: '-Z -t 192.0.2.1:80', ours: apply({ do: 'zeroService', id: tcp }) },
  { given: ['-A -f 7 -6'], run: '-Z -f 7 -6', ours: apply({ do: 'zeroService', id: mark6 }) },
  {
    run: '--set 901 121 301',
    ours: apply({ do: 'setTimeouts', timeouts: { tcp: 901, tcpFin: 121, udp: 301 } }),
  },
  { run: '--set 0 0 302', ours: apply({ do: 'setTimeouts', timeouts: { tcp: 0, tcpFin: 0, udp: 302 } }) },
  {
    run: '--start-daemon master --mcast-interface lo',
    ours: apply({ do: 'startDaemon', daemon: { state: 'master', interface: 'lo', syncId: 0 } }),
  },
  {
    run: '--start-daemon backup --mcast-interface lo --syncid 255',
    ours: apply({ do: 'startDaemon', daemon: { state: 'backup', interface: 'lo', syncId: 255 } }),
  },
  {
    run:
      '--start-daemon master --mcast-interface lo --syncid 1 --sync-maxlen 1400 --mcast-group 224.0.0.82 ' +
      '--mcast-port 8849 --mcast-ttl 3',
    ours: apply({
      do: 'startDaemon',
      daemon: {
        state: 'master',
        interface: 'lo',
        syncId: 1,
        maxLength: 1400,
        group: '224.0.0.82',
        port: 8849,
        ttl: 3,
      },
    }),
  },
  {
    run: '--start-daemon backup --mcast-interface lo --mcast-group ff01::52',
    ours: apply({
      do: 'startDaemon',
      daemon: { state: 'backup', interface: 'lo', syncId: 0, group: 'ff01::52' },
    }),
  },
  {
    given: ['--start-daemon master --mcast-interface lo'],
    run: '--stop-daemon master',
    ours: apply({ do: 'stopDaemon', daemon: { state: 'master' } }),
  },
  {
    given: ['--start-daemon backup --mcast-interface lo'],
    run: '--stop-daemon backup',
    ours: apply({ do: 'stopDaemon', daemon: { state: 'backup' } }),
  },

  // Questions
  {
    given: ['-A -t 192.0.2.1:80'],
    run: '-Ln',
    ours: [(client) => client.info(), (client) => client.services(), (client) => client.destinations(tcp)],
  },
  {
    given: ['-A -f 7 -6'],
    run: '-Ln',
    ours: [(client) => client.info(), (client) => client.services(), (client) => client.destinations(mark6)],
  },
  {
    given: ['-A -u [2001:db8::1]:53'],
    run: '-Ln -u [2001:db8::1]:53',
    ours: [
      (client) => client.info(),
      (client) => client.service(udp6),
      (client) => client.destinations(udp6),
    ],
  },
  {
    given: ['-A -f 7'],
    run: '-Ln -f 7',
    ours: [
      (client) => client.info(),
      (client) => client.service(mark),
      (client) => client.destinations(mark),
    ],
  },
  {
    run: '-L --timeout',
    ours: [(client) => client.info(), (client) => client.timeouts()],
  },
  {
    run: '-L --daemon',
    ours: [(client) => client.info(), (client) => client.daemons()],
  },
];
