import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ConnectionLine } from '../../../src/ipvs/connections/proc.js';
import { formatEndpoint } from '../../../src/model/address.js';
import { arbitraryTable } from '../../support/arbitrary-connections.js';
import {
  chunksOf,
  formatConnection,
  header,
  type PrintedConnection,
  visits,
} from '../../support/connection-table.js';

describe('whatever the kernel prints', () => {
  const printed = (line: ConnectionLine): PrintedConnection => {
    const { protocol, client, virtual, destination, state, expires } = line.toConnection();
    const name = line.engineName;
    const engine = name === undefined ? undefined : { name, data: Uint8Array.from(line.engineBytes) };
    return { protocol, client, virtual, destination, state, expires, engine };
  };

  test('is read back, wherever the chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTable, fc.array(fc.nat()), fc.boolean(), async (connections, cuts, ended) => {
        const whole = Buffer.concat([Buffer.from(header), ...connections.map(formatConnection)]);
        const text = ended ? whole : whole.subarray(0, -1);
        const places = cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b);
        const chunks = [0, ...places].map((from, i) => text.subarray(from, places[i] ?? text.length));
        assert.deepEqual(await visits(chunksOf(...chunks), printed), connections);
      }),
    );
  });

  test('is read back from single bytes', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTable, async (connections) => {
        const text = Buffer.concat([Buffer.from(header), ...connections.map(formatConnection)]);
        const bytes = [...text].map((byte) => Uint8Array.of(byte));
        assert.deepEqual(await visits(chunksOf(...bytes), printed), connections);
      }),
      { numRuns: 20 },
    );
  });

  test('is written as endpoints in the usual notation', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTable, async (connections) => {
        const text = Buffer.concat([Buffer.from(header), ...connections.map(formatConnection)]);
        const out = Buffer.alloc(64);
        const ends = ['client', 'virtual', 'destination'] as const;
        const found = await visits(chunksOf(text), (line) =>
          ends.map((end) => out.toString('latin1', 5, line[end].put(out, 5))),
        );
        const expected = connections.map((connection) =>
          ends.map((end) => formatEndpoint(connection[end].address, connection[end].port)),
        );
        assert.deepEqual(found, expected);
      }),
    );
  });
});
