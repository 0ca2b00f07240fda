import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exposition } from '../../../src/observe/metrics/exposition.js';
import { nodeExporterMetrics } from '../../../src/observe/metrics/node-exporter.js';
import { sampleTable } from '../../../src/observe/table/sample.js';
import { Director } from '../../support/director.js';
import { sampleDocument, sampleTotals } from '../../support/metrics.js';

test('names and labels are those of node_exporter, and each server is under its own service', async (t) => {
  const director = await Director.start(t);
  await director.run(['apply', '-f', '-'], { stdin: sampleDocument });
  const families = nodeExporterMetrics(await sampleTable(director.client), sampleTotals);
  const text = new TextDecoder().decode(exposition(families, 'prometheus'));
  const weights = text.split('\n').filter((line) => line.startsWith('node_ipvs_backend_weight{'));
  const row = (
    address: string,
    mark: string,
    port: number,
    protocol: string,
    server: string,
    at: number,
    weight: number,
  ) =>
    `node_ipvs_backend_weight{local_address="${address}",local_mark="${mark}",local_port="${port}",proto="${protocol}",` +
    `remote_address="${server}",remote_port="${at}"} ${weight}`;
  assert.deepEqual(weights, [
    row('192.0.2.1', '', 80, 'TCP', '198.51.100.1', 80, 5),
    row('192.0.2.1', '', 80, 'TCP', '198.51.100.2', 80, 1),
    row('2001:db8::1', '', 53, 'UDP', '2001:db8::53', 53, 0),
    row('192.0.2.1', '', 5060, 'SCTP', '198.51.100.9', 5060, 1),
    row('', '00000007', 0, 'FWM', '198.51.100.7', 0, 1),
    row('', '00000007', 0, 'FWM', '2001:db8::7', 0, 1),
  ]);
  assert.deepEqual(
    [...text.matchAll(/^# TYPE (.*)/gm)].map(([, line]) => line),
    [
      'node_ipvs_backend_connections_active gauge',
      'node_ipvs_backend_connections_inactive gauge',
      'node_ipvs_backend_weight gauge',
      'node_ipvs_connections_total counter',
      'node_ipvs_incoming_packets_total counter',
      'node_ipvs_outgoing_packets_total counter',
      'node_ipvs_incoming_bytes_total counter',
      'node_ipvs_outgoing_bytes_total counter',
    ],
  );
  const totals = text.split('\n').filter((line) => /^node_ipvs_\w+_total /.test(line));
  assert.deepEqual(
    totals.map((line) => line.split(' ')[1]),
    ['31', '42', '0', '18446744073709551615', '1000'],
  );
});

test('a file of totals that is none is an error, not zeros', async (t) => {
  const { client } = await Director.start(t);
  const sample = await sampleTable(client);
  for (const text of ['', 'a\nb\n1 2 3\n', 'a\nb\n1 2 3 4 x\n']) {
    assert.throws(() => nodeExporterMetrics(sample, text), { path: ['/proc/net/ip_vs_stats'] });
  }
});
