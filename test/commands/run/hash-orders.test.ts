/** Directors that hash otherwise: what an agent finds in its table, and what status makes of the reports. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otherOrderLines } from '../../../src/commands/fleet/hashing.js';
import { HashOrders } from '../../../src/commands/run/hash-orders.js';
import type { Member, NodeReport } from '../../../src/fleet/records.js';
import type { ServiceId } from '../../../src/model/service.js';
import type { Reconciliation } from '../../../src/plan/apply.js';

const port = (service: ServiceId): number => ('port' in service ? service.port : 0);

/** Tables by the port of the service; servers by the last number of their addresses, the newest first, as the kernel has them. */
function clientOver(tables: Readonly<Record<number, { scheduler: string; servers: number[] }>>) {
  const client = {
    readings: 0,
    settings: async () => {
      client.readings++;
      return Object.entries(tables).map(([key, { scheduler }]) => ({
        id: { protocol: 'tcp', address: '192.0.2.10', port: Number(key) },
        scheduler,
      }));
    },
    destinations: async (service: ServiceId) =>
      (tables[port(service)]?.servers ?? []).map((last) => ({
        id: { address: `198.51.100.${last}`, port: 80 },
      })),
  };
  return client;
}

type Client = Parameters<HashOrders['look']>[0];

const changeOf = (kind: string): Reconciliation =>
  ({ outcomes: [{ change: { do: kind }, result: 'done' }] }) as unknown as Reconciliation;

test('services of mh, sh and dh are found whose servers came in another order than by address and port', async () => {
  let now = 0;
  const orders = new HashOrders(() => now);
  const tables = {
    80: { scheduler: 'mh', servers: [10, 9, 3] },
    81: { scheduler: 'mh', servers: [3, 10, 9] },
    82: { scheduler: 'wrr', servers: [3, 10, 9] },
    83: { scheduler: 'sh', servers: [1, 2] },
  };
  const client = clientOver(tables);
  await orders.look(client as unknown as Client);
  assert.deepEqual(
    orders.current.map(({ service }) => service),
    ['tcp://192.0.2.10:81', 'tcp://192.0.2.10:83'],
  );
  tables[81].servers = [10, 9, 3];
  orders.changed(changeOf('editDestination'));
  await orders.look(client as unknown as Client);
  assert.equal(client.readings, 1);
  orders.changed(changeOf('addDestination'));
  await orders.look(client as unknown as Client);
  assert.deepEqual([orders.current.length, client.readings], [1, 2]);
  now = 600_000;
  await orders.look(client as unknown as Client);
  assert.equal(client.readings, 3);
});

test('status names the directors that share an order', () => {
  const report = (order: string): NodeReport =>
    ({ hashing: [{ service: 'tcp://192.0.2.10:80', order }] }) as unknown as NodeReport;
  const names = ['lb1', 'lb2', 'lb3', 'lb4'];
  const lines = otherOrderLines({
    members: new Map(names.map((name) => [name, {} as Member])),
    reports: new Map([
      ['lb1', report('a')],
      ['lb2', report('b')],
      ['lb3', report('a')],
    ]),
  });
  assert.deepEqual(lines.slice(0, 2), [
    'tcp://192.0.2.10:80: other order of servers than by address and port on lb1, lb3\n',
    'tcp://192.0.2.10:80: other order of servers than by address and port on lb2\n',
  ]);
  assert.match(lines[2] ?? '', /lvsadm doctor \(hash-order\)/);
});
