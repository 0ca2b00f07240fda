/**
 * lvsadm's own metrics. `service` and `server` are the labels of identity, spelt as in documents; all that identifies nothing is a
 * label of the `_info` series, so that a changed scheduler does not begin new series of counters.
 */
import { formatEndpoint } from '../../model/address.js';
import { destinationCounts, destinationNumberNames } from '../../model/fields.js';
import { flagNames } from '../../model/schedulers.js';
import { isFwmark, type Service, serviceFamily } from '../../model/service.js';
import { formatService } from '../../model/service-uri.js';
import type { Stats } from '../../model/stats.js';
import { isOverloaded, timeoutNames } from '../../model/table.js';
import type { SampledServer, SampledService, TableSample } from '../table/sample.js';
import { labels, type MetricFamily } from './exposition.js';

/** Counters of services and of servers. The kernel sets them to 0 on `--zero`, which is a reset as of a restart. */
const counters: readonly (readonly [name: string, field: keyof Stats, counted: string])[] = [
  ['connections', 'connections', 'Connections scheduled'],
  ['incoming_packets', 'inPackets', 'Packets from clients'],
  ['outgoing_packets', 'outPackets', 'Packets to clients through this machine (NAT only)'],
  ['incoming_bytes', 'inBytes', 'Bytes from clients'],
  ['outgoing_bytes', 'outBytes', 'Bytes to clients through this machine (NAT only)'],
];

type ServerNumber = (typeof destinationCounts)[number] | (typeof destinationNumberNames)[number];

const serverGauges: Readonly<Record<ServerNumber, readonly [name: string, help: string]>> = {
  activeConnections: ['active_connections', 'Connections in state ESTABLISHED.'],
  inactiveConnections: ['inactive_connections', 'Connections in all other states.'],
  persistentConnections: ['persistent_connections', 'Persistence templates.'],
  weight: ['weight', 'Weight of the server; 0 takes no new connections.'],
  upperThreshold: ['upper_threshold', 'Connections at which the server stops getting new ones; 0: no limit.'],
  lowerThreshold: [
    'lower_threshold',
    'Connections below which the server gets new ones again; 0: three quarters of the upper threshold.',
  ],
};

/** Of a reading of the table. */
export interface Scrape {
  readonly version: string;
  /** Seconds that the kernel took. */
  readonly duration: number;
  /** Readings that failed since the program started. */
  readonly failures: number;
  /** Entries of the connection table; undefined if the kernel does not tell. */
  readonly connections?: number | undefined;
}

/** @param sample undefined if the kernel does not have IPVS */
export const metricsOf = (sample: TableSample | undefined, scrape: Scrape): MetricFamily[] => [
  gauge('lvs_up', 'Whether the kernel has IPVS: 0 if its module is not loaded.', sample ? 1 : 0),
  ...(sample ? tableFamilies(sample, scrape.connections) : []),
  gauge('lvs_scrape_duration_seconds', 'Time that it took to read the table.', scrape.duration),
  {
    name: 'lvs_scrape_failures',
    type: 'counter',
    help: 'Readings of the table that failed since lvsadm started.',
    samples: (add) => add('', scrape.failures),
  },
  {
    name: 'lvsadm_build',
    type: 'info',
    help: 'The version of lvsadm.',
    samples: (add) => add(labels({ version: scrape.version }), 1),
  },
];

const gauge = (name: string, help: string, value: number): MetricFamily => ({
  name,
  type: 'gauge',
  help,
  samples: (add) => add('', value),
});

function tableFamilies(sample: TableSample, connections: number | undefined): MetricFamily[] {
  const services = sample.services.map((each) => ({ ...each, labels: serviceLabels(each.service) }));
  const servers = sample.services.flatMap(({ service, servers }) => {
    const of = formatService(service.id);
    return servers.map((server) => ({ ...server, labels: serverLabels(of, server) }));
  });
  return [
    ...serviceFamilies(services),
    ...serverFamilies(servers, sample),
    gauge(
      'lvs_connection_table_buckets',
      'Buckets of the connection hash table.',
      sample.info.connectionTableSize,
    ),
    ...(connections === undefined
      ? []
      : [gauge('lvs_connection_table_entries', 'Connections and persistence templates.', connections)]),
    ...machineFamilies(sample),
  ];
}

const serviceLabels = ({ id }: Service): string => labels({ service: formatService(id) });

const serverLabels = (service: string, { address, port }: SampledServer): string =>
  `{service="${service}",server="${formatEndpoint(address, port)}"}`;

type LabelledService = SampledService & { readonly labels: string };
type LabelledServer = SampledServer & { readonly labels: string };

const serviceFamilies = (services: readonly LabelledService[]): MetricFamily[] => [
  {
    name: 'lvs_service',
    type: 'info',
    help: 'Settings of a virtual service.',
    samples: (add) => {
      for (const { service } of services) add(labels(serviceFacts(service)), 1);
    },
  },
  ...counters.map(
    ([name, field, counted]): MetricFamily => ({
      name: `lvs_service_${name}`,
      type: 'counter',
      help: `${counted}, by virtual service.`,
      samples: (add) => {
        for (const each of services) add(each.labels, each.service.stats[field]);
      },
    }),
  ),
];

function serviceFacts(service: Service): Parameters<typeof labels>[0] {
  const { id, scheduler, persistence, onePacket } = service;
  return {
    service: formatService(id),
    ...(isFwmark(id) ? { fwmark: id.fwmark } : { protocol: id.protocol, address: id.address, port: id.port }),
    family: serviceFamily(id),
    scheduler,
    scheduler_flags: flagNames(service).join(',') || undefined,
    persistence_timeout: persistence?.timeout,
    persistence_netmask: persistence?.netmask,
    persistence_engine: persistence?.engine,
    one_packet: onePacket ? 'true' : undefined,
  };
}

const serverFamilies = (
  servers: readonly LabelledServer[],
  { cursor, services }: TableSample,
): MetricFamily[] => {
  /** A sample for each server, whose value is read at the cursor. */
  const each =
    (value: () => number | bigint): MetricFamily['samples'] =>
    (add) => {
      for (const { index, labels } of servers) {
        cursor.seek(index);
        add(labels, value());
      }
    };
  const overloaded = () =>
    isOverloaded({
      upperThreshold: cursor.number('upperThreshold'),
      lowerThreshold: cursor.number('lowerThreshold'),
      activeConnections: cursor.number('activeConnections'),
      inactiveConnections: cursor.number('inactiveConnections'),
    });
  return [
    {
      name: 'lvs_server',
      type: 'info',
      help: 'Settings of a server.',
      samples: (add) => {
        for (const { service, servers } of services) {
          for (const server of servers)
            add(labels(serverFacts(formatService(service.id), server, cursor)), 1);
        }
      },
    },
    ...counters.map(
      ([name, field, counted]): MetricFamily => ({
        name: `lvs_server_${name}`,
        type: 'counter',
        help: `${counted}, by server.`,
        samples: each(() => cursor.counter(field)),
      }),
    ),
    ...[...destinationCounts, ...destinationNumberNames].map(
      (field): MetricFamily => ({
        name: `lvs_server_${serverGauges[field][0]}`,
        type: 'gauge',
        help: serverGauges[field][1],
        samples: each(() => cursor.number(field)),
      }),
    ),
    {
      name: 'lvs_server_overloaded',
      type: 'gauge',
      help: 'Whether the server has as many connections as its upper threshold: 0 or 1. Below it the kernel may still send it no new connections, until it has fewer than its lower threshold.',
      samples: each(() => Number(overloaded())),
    },
  ];
};

function serverFacts(
  service: string,
  { index, address, port }: SampledServer,
  cursor: TableSample['cursor'],
) {
  cursor.seek(index);
  const method = cursor.method();
  const tunnel = method === 'tun' ? cursor.tunnel() : undefined;
  return {
    service,
    server: formatEndpoint(address, port),
    address,
    port,
    method,
    tunnel_type: tunnel?.type,
    tunnel_port: tunnel?.port || undefined,
    tunnel_checksum: tunnel?.checksum,
  };
}

const machineFamilies = ({ daemons, timeouts }: TableSample): MetricFamily[] => [
  {
    name: 'lvs_timeout_seconds',
    type: 'gauge',
    help: 'Idle time after which a connection is forgotten.',
    samples: (add) => {
      for (const name of timeoutNames) {
        add(
          labels({ timeout: name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) }),
          timeouts[name],
        );
      }
    },
  },
  {
    name: 'lvs_sync_daemon',
    type: 'info',
    help: 'A sync daemon that runs.',
    samples: (add) => {
      for (const { state, interface: name, syncId, group, port, ttl, maxLength } of daemons) {
        add(labels({ state, interface: name, sync_id: syncId, group, port, ttl, max_length: maxLength }), 1);
      }
    },
  },
];
