/** Listings of connections: the numeric one, which is made without strings, against what text is put together from. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { connectionTablePath, scanConnections } from '../../../src/ipvs/connections/proc.js';
import { type Labels, numericLabels } from '../../../src/ipvsadm/grammar/endpoint-format.js';
import { connectionWriter } from '../../../src/ipvsadm/listing/connections.js';
import { LineWriter } from '../../../src/ipvsadm/listing/line-writer.js';
import { formatEndpoint } from '../../../src/model/address.js';
import { arbitraryTable } from '../../support/arbitrary-connections.js';
import { Captured } from '../../support/captured.js';
import {
  chunksOf,
  formatConnection,
  header,
  type PrintedConnection,
} from '../../support/connection-table.js';
import { world } from '../../support/run.js';

/** What is written of a table. */
async function listed(
  lines: readonly (PrintedConnection | string)[],
  labels?: Labels,
  engineData = false,
): Promise<string> {
  const out = new Captured();
  const writer = new LineWriter();
  const printed = lines.map((line) => (typeof line === 'string' ? line : formatConnection(line)));
  await scanConnections(chunksOf(header, ...printed), connectionWriter(writer, labels, engineData));
  await writer.flush(out);
  return out.text;
}

/** A line as printf(3) would make it. */
function expected({ protocol, client, virtual, destination, state, expires }: PrintedConnection): string {
  const [from, at, to] = [client, virtual, destination].map(({ address, port }) =>
    formatEndpoint(address, port),
  ) as [string, string, string];
  const left = `${two(Math.floor(expires / 60))}:${two(expires % 60)}`;
  const columns = [protocol.padEnd(3), left.padEnd(6), state.padEnd(11), from.padEnd(18), at.padEnd(18), to];
  return `${columns.join(' ')}\n`;
}

const two = (value: number): string => String(value).padStart(2, '0');

test('any table is listed line by line in columns, with labels as without', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryTable, async (connections) => {
      const text = connections.map(expected).join('');
      assert.equal(await listed(connections), text);
      assert.equal(await listed(connections, numericLabels), text);
      const without = connections.map(({ engine, ...rest }) => rest);
      assert.equal(await listed(without, undefined, true), text);
    }),
  );
});

const connection = 'TCP 0A000001 8235 C000020A 0050 C6336407 1F90 ESTABLISHED     899\n';

test('columns move aside for long times and long words', async () => {
  assert.equal(
    await listed([
      connection,
      connection.replace('    899', '3932159'),
      connection.replace('    899', '4294967295'),
      connection.replace('TCP', 'IP_136').replace('ESTABLISHED', 'SHUTDOWN_ACK_SENT'),
    ]),
    'TCP 14:59  ESTABLISHED 10.0.0.1:33333     192.0.2.10:80      198.51.100.7:8080\n' +
      'TCP 65535:59 ESTABLISHED 10.0.0.1:33333     192.0.2.10:80      198.51.100.7:8080\n' +
      'TCP 71582788:15 ESTABLISHED 10.0.0.1:33333     192.0.2.10:80      198.51.100.7:8080\n' +
      'IP_136 14:59  SHUTDOWN_ACK_SENT 10.0.0.1:33333     192.0.2.10:80      198.51.100.7:8080\n',
  );
});

test('words of the kernel are copied byte for byte', async () => {
  const words = Buffer.from(connection.replace('TCP', 'TÇP').replace('ESTABLISHED', 'ÉTABLI'), 'utf8');
  assert.match(await listed([words.toString('latin1')]), /^TÇP 14:59 {2}ÉTABLI {5}10\.0\.0\.1:33333 /);
});

test('the name and the data of a persistence engine follow the server where they are asked for', async () => {
  const template = connection.replace('\n', ' sip a84b4c 76e66@pc33\n');
  assert.equal(
    await listed([template, connection], undefined, true),
    'TCP 14:59  ESTABLISHED 10.0.0.1:33333     192.0.2.10:80      198.51.100.7:8080 sip                a84b4c 76e66@pc33\n' +
      'TCP 14:59  ESTABLISHED 10.0.0.1:33333     192.0.2.10:80      198.51.100.7:8080\n',
  );
});

test('as many lines are gathered as there are before they are written', async () => {
  const lines = await listed(new Array(20_000).fill(connection));
  assert.equal(lines, (await listed([connection])).repeat(20_000));
});

test('without a connection table, or with an empty one, -Lc ends with status 1 and one line in the words of ipvsadm', async () => {
  for (const form of ['-Lcn', '-Lc']) {
    const { files, run } = world();
    files[connectionTablePath] = '';
    assert.deepEqual(await run([form]), {
      ...{ status: 1, stdout: '' },
      stderr: `ipvsadm: unexpected input from ${connectionTablePath}: it is empty\n`,
    });
    delete files[connectionTablePath];
    assert.deepEqual(await run([form]), {
      ...{ status: 1, stdout: '' },
      stderr: `ipvsadm: cannot open file ${connectionTablePath}: no such file\n`,
    });
  }
});
