// Rates between two samples of the table: exact, and unknown rather than wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ratesIn } from '../../../src/observe/table/history.js';
import { type RatedTable, rateTable } from '../../../src/observe/table/rates.js';
import { sampleTable } from '../../../src/observe/table/sample.js';
import { FakeIpvs } from '../../support/fake-ipvs.js';
import { fillTable, web } from '../../support/top-table.js';

const one = { address: '198.51.100.1', port: 80 };
const two = { address: '198.51.100.2', port: 80 };

interface Table {
  readonly ipvs: FakeIpvs;
  /** Samples the table at this second. */
  readonly at: (second: number) => Promise<RatedTable>;
}

async function table(): Promise<Table> {
  const ipvs = new FakeIpvs();
  await fillTable(ipvs);
  const client = await ipvs.client();
  let last: RatedTable | undefined;
  return {
    ipvs,
    async at(second) {
      last = rateTable(await sampleTable(client), second * 1000, last);
      return last;
    },
  };
}

const service = ({ services }: RatedTable) => services[0] ?? assert.fail('no service');
const server = (rated: RatedTable, address = one.address) =>
  service(rated).servers.find(({ id }) => id.address === address) ?? assert.fail(`no ${address}`);

test('a rate is what a counter gained, divided by the time between the samples', async () => {
  const { ipvs, at } = await table();
  const first = await at(10);
  assert.equal(first.seconds, 0);
  assert.equal(server(first).rates, undefined);
  ipvs.count(web, { connections: 30n, inBytes: 4000n }, one);
  ipvs.count(web, { connections: 50n });
  const second = await at(12.5);
  assert.equal(second.seconds, 2.5);
  assert.deepEqual(server(second).rates, {
    connections: 12,
    inPackets: 0,
    outPackets: 0,
    inBytes: 1600,
    outBytes: 0,
  });
  assert.equal(service(second).rates?.connections, 20);
});

test('a rate of a process that was stopped for an hour is that of the hour', async () => {
  const { ipvs, at } = await table();
  await at(0);
  ipvs.count(web, { connections: 7200n }, one);
  const rated = await at(3600);
  assert.equal(server(rated).rates?.connections, 2);
  assert.deepEqual(ratesIn(server(rated).history, rated.span).at(-2), 2);
});

test('counters beyond 2^53 keep all their digits', async () => {
  const { ipvs, at } = await table();
  ipvs.count(web, { inBytes: 2n ** 63n + 1n }, one);
  await at(0);
  ipvs.count(web, { inBytes: 5n }, one);
  assert.equal(server(await at(1)).rates?.inBytes, 5);
});

test('rates are unknown for one interval after counters went back, and for a server that came between', async () => {
  const { ipvs, at } = await table();
  ipvs.count(web, { connections: 1000n, inBytes: 1000n }, one);
  await at(0);
  ipvs.carryOut({ do: 'zeroAll' });
  ipvs.count(web, { connections: 5n, inBytes: 2000n }, one);
  ipvs.carryOut({ do: 'deleteDestination', of: web, id: two });
  const zeroed = await at(1);
  assert.equal(server(zeroed).rates, undefined);
  assert.equal(service(zeroed).servers.length, 3);
  ipvs.count(web, { connections: 3n }, one);
  await addAgain(ipvs);
  ipvs.count(web, { connections: 9999n }, two);
  const next = await at(2);
  assert.equal(server(next).rates?.connections, 3);
  assert.equal(server(next, two.address).rates, undefined);
  assert.equal(server(await at(3), two.address).rates?.connections, 0);
});

test('two samples at the same moment have no rates', async () => {
  const { at } = await table();
  await at(1);
  assert.equal(server(await at(1)).rates, undefined);
});

test('a share is that of the connections of the last minute', async () => {
  const { ipvs, at } = await table();
  assert.equal(server(await at(0)).share, undefined);
  ipvs.count(web, { connections: 30n }, one);
  ipvs.count(web, { connections: 10n }, two);
  assert.equal(server(await at(2)).share, 0.75);
  assert.equal(server(await at(58), two.address).share, 0.25);
  assert.equal(server(await at(130)).share, undefined);
});

test('a history has slots of five seconds, and the parts of an interval in each of them', async () => {
  const { ipvs, at } = await table();
  await at(4);
  ipvs.count(web, { connections: 40n }, one);
  // A second of the first slot, five of the second, two of the third.
  const rated = await at(12);
  const unknown = Array.from({ length: 9 }, () => undefined);
  assert.deepEqual(ratesIn(server(rated).history, rated.span), [...unknown, 5, 5, 5]);
  assert.deepEqual(rated.span.seconds.slice(-3), [1, 5, 2]);
  const later = await at(15);
  assert.deepEqual(ratesIn(server(later).history, later.span).slice(-4), [5, 5, 2, undefined]);
});

async function addAgain(ipvs: FakeIpvs): Promise<void> {
  const client = await ipvs.client();
  const [found] = await client.destinations(web);
  assert.ok(found);
  ipvs.carryOut({ do: 'addDestination', of: web, destination: { ...found, id: two } });
}
