// Selection and grouping of connections, held against naive ones, and against awk over 100,000 lines.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { scanConnections } from '../../../src/ipvs/connections/proc.js';
import { addressBytes, familyOf } from '../../../src/model/address.js';
import { isInNetwork, parseNetwork } from '../../../src/model/network.js';
import { ConnectionGroups } from '../../../src/observe/connections/groups.js';
import type { Grouping } from '../../../src/observe/connections/keys.js';
import {
  connectionFilter,
  connectionProtocols,
  type Selection,
} from '../../../src/observe/connections/selection.js';
import { arbitraryTable } from '../../support/arbitrary-connections.js';
import {
  chunksOf,
  formatConnection,
  formatTable,
  header,
  type PrintedConnection,
} from '../../support/connection-table.js';

/** The bits of an address as text. */
const bits = (address: string): string =>
  [...addressBytes(address)].map((byte) => byte.toString(2).padStart(8, '0')).join('');

/** The same conditions, as one would write them over objects. */
function isSelected(selection: Selection, one: PrintedConnection): boolean {
  const { server, client, protocol, port, states, templates, service } = selection;
  const words: readonly string[] = protocol === undefined ? [one.protocol] : connectionProtocols[protocol];
  const prefix = client === undefined ? '' : bits(formatted(client.bytes)).slice(0, client.length);
  return (
    words.includes(one.protocol) &&
    (port === undefined || (one.virtual.port === port && one.protocol !== 'IP')) &&
    (states === undefined || states.has(one.state)) &&
    (templates === undefined || templates === (one.client.port === 0)) &&
    (server === undefined ||
      (one.destination.address === server.address &&
        (server.port ?? one.destination.port) === one.destination.port)) &&
    (client === undefined ||
      (familyOf(one.client.address) === client.family && bits(one.client.address).startsWith(prefix))) &&
    (service === undefined ||
      ('protocol' in service &&
        one.protocol === service.protocol.toUpperCase() &&
        one.virtual.address === service.address &&
        (service.port === 0 || service.port === one.virtual.port)))
  );
}

const formatted = (bytes: Uint8Array): string =>
  bytes.length === 4
    ? bytes.join('.')
    : Array.from({ length: 8 }, (_, i) =>
        (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
      ).join(':');

/** Selections whose values often are those of a connection in the table. */
const selectionFor = (table: readonly PrintedConnection[]): fc.Arbitrary<Selection> => {
  const some = <T>(of: (one: PrintedConnection) => T): fc.Arbitrary<T | undefined> =>
    fc.option(fc.constantFrom(...table.map(of)), { nil: undefined, freq: 1 });
  return fc.record({
    protocol: fc.option(fc.constantFrom('tcp', 'udp', 'fwmark', 'ah'), { nil: undefined, freq: 1 }),
    port: some(({ virtual }) => virtual.port),
    states: some(({ state }) => new Set([state])),
    templates: fc.option(fc.boolean(), { nil: undefined, freq: 1 }),
    server: some(({ destination: { address, port } }) => (port % 2 ? { address, port } : { address })),
    client: some(({ client: { address, port } }) =>
      parseNetwork(`${address}/${port % (familyOf(address) === 'inet' ? 33 : 129)}`),
    ),
    service: some(({ virtual: { address, port } }) => ({
      protocol: 'tcp' as const,
      address,
      port: port % 3 ? port : 0,
    })),
  }) as fc.Arbitrary<Selection>;
};

test('a selection keeps the connections that a naive filter keeps', async () => {
  const cases = arbitraryTable
    .filter((table) => table.length > 0)
    .chain((table) => fc.tuple(fc.constant(table), selectionFor(table)));
  await fc.assert(
    fc.asyncProperty(cases, async ([table, selection]) => {
      const keep = connectionFilter(selection);
      const kept: boolean[] = [];
      const text = Buffer.concat([Buffer.from(header), ...table.map(formatConnection)]);
      await scanConnections(chunksOf(text), (line) => kept.push(keep(line)));
      assert.deepEqual(
        kept,
        table.map((one) => isSelected(selection, one)),
      );
    }),
    { numRuns: 300 },
  );
});

test('a network has the addresses with its prefix', () => {
  const has = (network: string, address: string): boolean =>
    isInNetwork(parseNetwork(network), familyOf(address), addressBytes(address));
  assert.ok(has('192.0.2.7/24', '192.0.2.255'));
  assert.ok(!has('192.0.2.0/25', '192.0.2.128'));
  assert.ok(has('0.0.0.0/0', '203.0.113.1') && !has('0.0.0.0/0', '2001:db8::1'));
  assert.ok(has('2001:db8::/33', '2001:db8:7fff::1') && !has('2001:db8::/33', '2001:db8:8000::1'));
  for (const wrong of [
    '192.0.2.0/33',
    '2001:db8::/129',
    '192.0.2',
    '/24',
    '192.0.2.0/',
    '192.0.2.0/x',
    'web',
  ]) {
    assert.throws(() => parseNetwork(wrong), /is not an address or a network/);
  }
});

/** Groups by name, with their entries, as awk counts them. */
const awk: readonly (readonly [grouping: Grouping, program: string])[] = [
  [{ by: 'client' }, '$2'],
  [{ by: 'client', prefix: 16 }, 'index($2, ":") ? substr($2, 1, 4) : substr($2, 1, 4)'],
  [{ by: 'service' }, '$1 $4 $5'],
  [{ by: 'server' }, '$6 $7'],
  [{ by: 'state' }, '$8'],
  [{ by: 'port' }, '$5'],
];

test('groups of 100,000 lines have the sizes that awk counts', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lvsadm-test-'));
  try {
    const table = Buffer.concat([...formatTable(100_000)]);
    const file = join(directory, 'ip_vs_conn');
    writeFileSync(file, table);
    for (const [grouping, key] of awk) {
      const groups = new ConnectionGroups(grouping, 200_000);
      await scanConnections(chunksOf(table), (line) => groups.add(line));
      const counted = execFileSync('awk', [`NR > 1 { n[${key}]++ } END { for (k in n) print n[k] }`, file], {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      });
      const sizes = counted
        .trim()
        .split('\n')
        .map(Number)
        .sort((a, b) => b - a);
      assert.deepEqual(
        groups.top().map(({ entries }) => entries),
        sizes,
        grouping.by,
      );
      assert.equal(groups.errorBound, 0);
      assert.equal(groups.entries, 100_000);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('beyond its counters no count is too low, none is too high by more than the bound, and none above it is missing', async () => {
  const clients = fc.array(fc.oneof(fc.nat(7), fc.nat(60)), { minLength: 1, maxLength: 400 });
  await fc.assert(
    fc.asyncProperty(clients, fc.integer({ min: 1, max: 20 }), async (numbers, limit) => {
      const groups = new ConnectionGroups({ by: 'client' }, limit);
      const endpoint = { address: '192.0.2.1', port: 80 };
      const lines = numbers.map((number) =>
        formatConnection({
          protocol: 'TCP',
          client: { address: `10.0.0.${number}`, port: 1 },
          virtual: endpoint,
          destination: { address: `198.51.100.${number % 3}`, port: 80 },
          state: number % 2 ? 'ESTABLISHED' : 'SYN_RECV',
          expires: 1,
        }),
      );
      await scanConnections(chunksOf(header, ...lines), (line) => groups.add(line));
      const truth = new Map<string, number>();
      for (const number of numbers) truth.set(`10.0.0.${number}`, (truth.get(`10.0.0.${number}`) ?? 0) + 1);
      const shown = new Map(groups.top().map((group) => [group.name, group]));
      assert.ok(groups.errorBound <= numbers.length / limit);
      assert.equal(groups.errorBound === 0, truth.size <= limit);
      for (const [name, count] of truth) {
        const group = shown.get(name);
        if (group === undefined) assert.ok(count <= groups.errorBound);
        else {
          assert.ok(
            group.entries >= count &&
              group.entries - group.error <= count &&
              group.error <= groups.errorBound,
          );
          const byState = group.states.reduce((sum, [, entries]) => sum + entries, 0);
          assert.equal(byState, group.entries - group.error);
          assert.ok(group.servers === 1 && group.moreServers === group.error > 0);
        }
      }
    }),
    { numRuns: 200 },
  );
});
