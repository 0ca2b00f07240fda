import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { arbitraryTable } from '../../support/arbitrary-connections.js';
import { connectionsOf, formatConnection, header } from '../../support/connection-table.js';

describe('whatever the kernel prints', () => {
  test('is read back, wherever the chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTable, fc.array(fc.nat()), fc.boolean(), async (connections, cuts, ended) => {
        const whole = Buffer.concat([Buffer.from(header), ...connections.map(formatConnection)]);
        const text = ended ? whole : whole.subarray(0, -1);
        const places = cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b);
        const chunks = [0, ...places].map((from, i) => text.subarray(from, places[i] ?? text.length));
        assert.deepEqual(await connectionsOf(...chunks), connections);
      }),
    );
  });

  test('is read back from single bytes', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTable, async (connections) => {
        const text = Buffer.concat([Buffer.from(header), ...connections.map(formatConnection)]);
        const bytes = [...text].map((byte) => Uint8Array.of(byte));
        assert.deepEqual(await connectionsOf(...bytes), connections);
      }),
      { numRuns: 20 },
    );
  });
});
