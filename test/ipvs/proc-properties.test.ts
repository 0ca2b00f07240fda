import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ConnectionLine } from '../../src/ipvs/proc.js';
import { formatAddress, formatEndpoint } from '../../src/model/address.js';
import {
  chunksOf,
  formatConnection,
  header,
  type PrintedConnection,
  visits,
} from '../support/connection-table.js';

/** deepEqual in its strict form tells a null prototype from an object's. */
const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { noNullPrototype: true });

describe('whatever the kernel prints', () => {
  const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => formatAddress(bytes));
  const ipv6 = fc
    .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
    .map((groups) => formatAddress(Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))));
  const endpointOf = (address: fc.Arbitrary<string>) => record({ address, port: fc.nat(0xffff) });
  const engine = record({
    name: fc.constantFrom('sip', 'a', 'sixteen_letters_'),
    data: fc.uint8Array({ maxLength: 300 }).map((bytes) => bytes.filter((byte) => byte !== 0x0a)),
  });
  const connectionOf = (address: fc.Arbitrary<string>): fc.Arbitrary<PrintedConnection> =>
    record({
      protocol: fc.constantFrom('TCP', 'UDP', 'SCTP', 'AH', 'ESP', 'ICMP', 'ICMPv6', 'IP', 'IP_99'),
      client: endpointOf(address),
      virtual: endpointOf(address),
      destination: endpointOf(fc.oneof(ipv4, ipv6)),
      state: fc.constantFrom('NONE', 'ASSURED', 'ESTABLISHED', 'SHUTDOWN_ACK_SENT', 'ERR!', '?'),
      expires: fc.nat(0xffffffff),
      engine: fc.option(engine, { nil: undefined }),
    });
  const table = fc.array(fc.oneof(connectionOf(ipv4), connectionOf(ipv6)), { maxLength: 8 });

  const printed = (line: ConnectionLine): PrintedConnection => {
    const { protocol, client, virtual, destination, state, expires } = line.toConnection();
    const name = line.engineName;
    const engine = name === undefined ? undefined : { name, data: Uint8Array.from(line.engineBytes) };
    return { protocol, client, virtual, destination, state, expires, engine };
  };

  test('is read back, wherever the chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(table, fc.array(fc.nat()), fc.boolean(), async (connections, cuts, ended) => {
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
      fc.asyncProperty(table, async (connections) => {
        const text = Buffer.concat([Buffer.from(header), ...connections.map(formatConnection)]);
        const bytes = [...text].map((byte) => Uint8Array.of(byte));
        assert.deepEqual(await visits(chunksOf(...bytes), printed), connections);
      }),
      { numRuns: 20 },
    );
  });

  test('is written as endpoints in the usual notation', async () => {
    await fc.assert(
      fc.asyncProperty(table, async (connections) => {
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
