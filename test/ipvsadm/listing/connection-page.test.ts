/** Listings of connections as bytes, held against the same as text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ConnectionLine, scanConnections } from '../../../src/ipvs/connections/proc.js';
import { ConnectionPage } from '../../../src/ipvsadm/listing/connection-page.js';
import { plain } from '../../../src/ipvsadm/listing/connections.js';
import { numericLabels } from '../../../src/ipvsadm/listing/endpoint-format.js';
import { arbitraryTable } from '../../support/arbitrary-connections.js';
import { Captured } from '../../support/captured.js';
import {
  chunksOf,
  formatConnection,
  header,
  type PrintedConnection,
} from '../../support/connection-table.js';

/** The lines of a table by number: as bytes where that is possible, and how many were not; and as text. */
async function bothWays(...lines: (PrintedConnection | string)[]) {
  const out = new Captured();
  const page = new ConnectionPage(out);
  let text = '';
  let odd = 0;
  const take = (line: ConnectionLine) => {
    text += plain(line, numericLabels);
    if (page.connection(line)) return;
    page.text(plain(line, numericLabels));
    odd++;
  };
  const printed = lines.map((line) => (typeof line === 'string' ? line : formatConnection(line)));
  await scanConnections(chunksOf(header, ...printed), take);
  await page.flush();
  return { bytes: out.text, text, odd };
}

test('any table is listed the same way as bytes and as text', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryTable, async (connections) => {
      const { bytes, text } = await bothWays(...connections);
      assert.equal(bytes, text);
    }),
  );
});

const connection = 'TCP 0A000001 8235 C000020A 0050 C6336407 1F90 ESTABLISHED     899\n';

test('plain lines take the quick way', async () => {
  const { bytes, odd } = await bothWays(connection, connection.replace('    899', '3932159'));
  assert.equal(odd, 0);
  assert.equal(
    bytes,
    'TCP 14:59  ESTABLISHED 10.0.0.1:33333     192.0.2.10:80      198.51.100.7:8080\n' +
      'TCP 65535:59 ESTABLISHED 10.0.0.1:33333     192.0.2.10:80      198.51.100.7:8080\n',
  );
});

test('odd ones become text: words that are not ASCII, and centuries to go', async () => {
  const { bytes, text, odd } = await bothWays(
    connection.replace('TCP', 'TÇP'),
    connection.replace('ESTABLISHED', 'ÉTABLI'),
    connection.replace('    899', '4294967295'),
  );
  assert.equal(odd, 3);
  assert.equal(bytes, text);
});

test('a page holds whatever is gathered before it is written', async () => {
  const { bytes, text } = await bothWays(...new Array(20_000).fill(connection));
  assert.equal(bytes.length, 20_000 * 79);
  assert.equal(bytes, text);
});
