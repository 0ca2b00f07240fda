// Connections of servers in SYN_RECV, counted from the text of the kernel's table.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countHandshakes } from '../../../src/commands/shared/connection-table.js';
import { connectionTablePath, scanConnections } from '../../../src/ipvs/connections/proc.js';
import { HandshakeCount } from '../../../src/observe/connections/handshakes.js';
import { Captured } from '../../support/captured.js';
import { formatConnection, header, type PrintedConnection } from '../../support/connection-table.js';
import { contextWith } from '../../support/context.js';

const web = { address: '192.0.2.10', port: 80 };
const web6 = { address: '2001:db8::10', port: 80 };
const first = { address: '198.51.100.1', port: 80 };
const second = { address: '198.51.100.2', port: 8080 };
const third = { address: '2001:db8::1', port: 80 };

const connection = (more: Partial<PrintedConnection>): PrintedConnection => ({
  protocol: 'TCP',
  client: { address: '203.0.113.9', port: 4711 },
  virtual: web,
  destination: first,
  state: 'ESTABLISHED',
  expires: 60,
  ...more,
});

async function* table(connections: readonly Partial<PrintedConnection>[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(header);
  for (const each of connections) yield formatConnection(connection(each));
}

test('TCP connections are counted by service and server, without templates, and without those of others', async () => {
  const count = new HandshakeCount([
    { service: web, server: first },
    { service: web, server: second },
    { service: web6, server: third },
  ]);
  const connections: Partial<PrintedConnection>[] = [
    {},
    { state: 'SYN_RECV' },
    { state: 'SYN_RECV' },
    { destination: second, state: 'SYN_RECV' },
    { protocol: 'UDP', state: 'UDP' },
    { client: { address: '203.0.113.9', port: 0 }, state: 'NONE' },
    { virtual: { ...web, port: 443 }, state: 'SYN_RECV' },
    { destination: { ...second, port: 80 }, state: 'SYN_RECV' },
    { client: { address: '2001:db8::99', port: 1 }, virtual: web6, destination: third, state: 'SYN_RECV' },
  ];
  await scanConnections(table(connections), (line) => count.add(line));
  assert.deepEqual(count.counts, [
    { connections: 3, synReceived: 2 },
    { connections: 1, synReceived: 1 },
    { connections: 1, synReceived: 1 },
  ]);
});

test('the agent counts them in the table of its network namespace, which it reads once for all servers', async () => {
  const read: string[] = [];
  const context = contextWith({
    out: new Captured(),
    err: new Captured(),
    readFile: (path) => {
      read.push(path);
      return table([{}, { state: 'SYN_RECV' }, { destination: second, state: 'SYN_RECV' }]);
    },
  });
  const servers = [first, second, third].map((server) => ({ service: web, server }));
  assert.deepEqual(await countHandshakes(context, servers), [
    { connections: 2, synReceived: 1 },
    { connections: 1, synReceived: 1 },
    { connections: 0, synReceived: 0 },
  ]);
  assert.deepEqual(read, [connectionTablePath]);
});
