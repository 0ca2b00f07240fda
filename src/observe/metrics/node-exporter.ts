/**
 * The metrics of node_exporter's ipvs collector, with its names and labels, so that dashboards and alerts made for it work. A server
 * has the labels of its own service, for SCTP too; a mark is hexadecimal text.
 */
import { ProtocolError } from '../../errors.js';
import { isFwmark, type ServiceId } from '../../model/service.js';
import type { SampledServer, TableSample } from '../table/sample.js';
import { labels, type MetricFamily } from './exposition.js';

/** The columns of /proc/net/ip_vs_stats, in their order. */
const totals = [
  ['connections', 'Connections scheduled, of all services.'],
  ['incoming_packets', 'Packets from clients, of all services.'],
  ['outgoing_packets', 'Packets to clients, of all services.'],
  ['incoming_bytes', 'Bytes from clients, of all services.'],
  ['outgoing_bytes', 'Bytes to clients, of all services.'],
] as const;

const backendGauges = [
  ['connections_active', 'activeConnections', 'Connections in state ESTABLISHED, by server.'],
  ['connections_inactive', 'inactiveConnections', 'Connections in all other states, by server.'],
  ['weight', 'weight', 'Weight of the server.'],
] as const;

/** @param stats content of /proc/net/ip_vs_stats. @throws ProtocolError */
export function nodeExporterMetrics({ services, cursor }: TableSample, stats: string): MetricFamily[] {
  const servers = services.flatMap(({ service: { id }, servers }) =>
    servers.map((server) => ({ index: server.index, labels: backendLabels(id, server) })),
  );
  const counted = totalsIn(stats);
  return [
    ...backendGauges.map(
      ([name, field, help]): MetricFamily => ({
        name: `node_ipvs_backend_${name}`,
        type: 'gauge',
        help,
        samples: (add) => {
          for (const { index, labels } of servers) {
            cursor.seek(index);
            add(labels, cursor.number(field));
          }
        },
      }),
    ),
    ...totals.map(
      ([name, help], column): MetricFamily => ({
        name: `node_ipvs_${name}`,
        type: 'counter',
        help,
        samples: (add) => add('', counted[column] as bigint),
      }),
    ),
  ];
}

/** All are there for each service: the ones that it does not have are empty, and port 0. */
const backendLabels = (id: ServiceId, { address, port }: SampledServer): string =>
  labels({
    local_address: isFwmark(id) ? '' : id.address,
    local_mark: isFwmark(id) ? id.fwmark.toString(16).toUpperCase().padStart(8, '0') : '',
    local_port: isFwmark(id) ? 0 : id.port,
    proto: isFwmark(id) ? 'FWM' : id.protocol.toUpperCase(),
    remote_address: address,
    remote_port: port,
  });

/** The totals, in hexadecimal on the line below two of headings. */
function totalsIn(stats: string): bigint[] {
  const words = stats.split('\n')[2]?.trim().split(/\s+/) ?? [];
  if (words.length !== totals.length || !words.every((word) => /^[0-9a-f]+$/i.test(word))) {
    throw new ProtocolError('no line of five hexadecimal numbers', ['/proc/net/ip_vs_stats']);
  }
  return words.map((word) => BigInt(`0x${word}`));
}
