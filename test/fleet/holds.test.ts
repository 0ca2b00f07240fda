/** Holds in the store of a fleet: what directors take, and what a store without the truth must not end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldLines } from '../../src/commands/fleet/held.js';
import { holdInFleet, readFleetHolds, releaseInFleet } from '../../src/fleet/fleet-holds.js';
import { HOLDS, NODES } from '../../src/fleet/layout.js';
import { readFleet } from '../../src/fleet/operator.js';
import { type Hold, holdKey } from '../../src/model/hold.js';
import { FleetFarm } from '../support/fleet-farm.js';

const service = 'tcp://192.0.2.10:80';

const holdOf = (server: string, others: Partial<Hold> = {}): Hold => ({
  service,
  server,
  weight: 0,
  before: 0,
  by: 'alice@ops1',
  since: 0,
  ofFleet: true,
  ...others,
});

const first = holdOf('198.51.100.7:80', { reason: 'disk', until: 10_000_000 });
const second = holdOf('[2001:db8::7]:80');

const farmTest = (name: string, story: (farm: FleetFarm) => Promise<void>): void =>
  void test(name, async () => {
    const farm = await FleetFarm.running(3);
    try {
      await story(farm);
      for (const { failure } of farm.hosts) assert.equal(failure, undefined);
    } finally {
      await farm.end();
    }
  });

const heldOn = (farm: FleetFarm): string[][] =>
  farm.hosts.map(({ holds }) => Array.from(holds.values(), ({ server }) => server).sort());

const all = (...servers: string[]): string[][] => [servers, servers, servers];

farmTest('a hold of the fleet reaches every director, and one that joins later', async (farm) => {
  await farm.host('d3').kill();
  await holdInFleet(farm.store, [first, second], false, 0);
  await farm.pass(2000);
  assert.deepEqual(heldOn(farm).slice(0, 2), all(first.server, second.server).slice(0, 2));
  assert.deepEqual(farm.host('d1').holds.get(holdKey(first)), first);
  await farm.host('d3').start();
  await farm.pass(5000);
  assert.deepEqual(heldOn(farm), all(first.server, second.server));
  const { reports, holds } = await readFleet(farm.store);
  assert.equal(holds.size, 2);
  assert.deepEqual(
    [...reports.values()].map(({ held }) => held),
    [2, 2, 2],
  );
  await releaseInFleet(farm.store, [first]);
  await farm.pass(2000);
  assert.deepEqual(heldOn(farm), all(second.server));
});

farmTest('holds stay while the store is away, or has been wiped', async (farm) => {
  await holdInFleet(farm.store, [first], false, 0);
  await farm.pass(2000);
  for (const host of farm.hosts) host.cutOff();
  await farm.pass(60_000);
  assert.deepEqual(heldOn(farm), all(first.server));
  await farm.store.commit({ comparisons: [], writes: [{ remove: '' }] });
  for (const host of farm.hosts) host.reconnect();
  await farm.pass(60_000);
  assert.deepEqual(heldOn(farm), all(first.server));
});

farmTest('wiping the store under the directors ends no hold', async (farm) => {
  await holdInFleet(farm.store, [first], false, 0);
  await farm.pass(2000);
  await farm.store.commit({ comparisons: [], writes: [{ remove: '' }] });
  await farm.pass(300_000);
  assert.deepEqual(heldOn(farm), all(first.server));
});

farmTest('a hold that cannot be read any more stays as it was, and others go on', async (farm) => {
  await holdInFleet(farm.store, [first], false, 0);
  await farm.pass(2000);
  const [entry] = (await farm.store.read(HOLDS)).entries;
  await farm.store.commit({ comparisons: [], writes: [{ key: entry?.key ?? '', value: '{' }] });
  await holdInFleet(farm.store, [second], false, 0);
  await farm.pass(2000);
  assert.deepEqual(heldOn(farm), all(first.server, second.server));
  assert.match(farm.host('d1').lines.join('\n'), /cannot read holds\/tcp.*it is no JSON/);
  assert.deepEqual((await readFleetHolds(farm.store)).problems.length, 1);
});

farmTest('a hold that cannot be read stays over a restart, too', async (farm) => {
  await holdInFleet(farm.store, [first], false, 0);
  await farm.pass(2000);
  await farm.host('d1').kill();
  const [entry] = (await farm.store.read(HOLDS)).entries;
  await farm.store.commit({ comparisons: [], writes: [{ key: entry?.key ?? '', value: '{' }] });
  await farm.host('d1').start();
  await farm.pass(5000);
  assert.deepEqual(heldOn(farm), all(first.server));
});

farmTest('each of many holds is counted on the directors that have taken it', async (farm) => {
  const many = Array.from({ length: 60 }, (_, index) => holdOf(`198.51.100.${index + 1}:80`));
  await holdInFleet(farm.store, many, false, 0);
  await holdInFleet(
    farm.store,
    many.map((hold) => ({ ...hold, service: 'tcp://192.0.2.11:80' })),
    false,
    0,
  );
  await farm.pass(3000);
  const lines = heldLines(await readFleet(farm.store), 0);
  assert.equal(lines.length, 120);
  for (const line of lines) assert.match(line, /; on 3 of 3 directors\n$/);
  const { entries } = await farm.store.read(NODES);
  for (const { value } of entries) assert.ok(value.length < 500, `a report has ${value.length} characters`);
  // A director's own hold wins, also over one of many.
  const host = farm.host('d1');
  const own = { ...holdOf('198.51.100.1:80'), weight: 5, ofFleet: undefined };
  host.holds = new Map([...host.holds, [holdKey(own), own]]);
  await farm.pass(3000);
  const [first = '', ...others] = heldLines(await readFleet(farm.store), 0);
  assert.match(first, /198\.51\.100\.1:80 .*; on 2 of 3 directors\n$/);
  assert.match(others.at(-1) ?? '', /^d1: 198\.51\.100\.1:80 of .*: held at 5 by /);
  assert.match(others[0] ?? '', /; on 3 of 3 directors\n$/);
});

farmTest('a director with other holds than the store is named as one', async (farm) => {
  await holdInFleet(farm.store, [first], false, 0);
  await farm.pass(3000);
  farm.host('d2').cutOff();
  await holdInFleet(farm.store, [second], false, 0);
  await farm.pass(3000);
  const lines = heldLines(await readFleet(farm.store), 0);
  for (const line of lines) assert.match(line, /; on 2 of 3 directors, 1 with other holds of the fleet\n$/);
});

farmTest(
  'a director with many holds of its own and none of the fleet has not taken those of the fleet',
  async (farm) => {
    farm.host('d2').cutOff();
    await holdInFleet(farm.store, [first], false, 0);
    const own = Array.from({ length: 30 }, (_, index) => ({
      ...holdOf(`198.51.100.${index + 50}:80`),
      ofFleet: undefined,
    }));
    const host = farm.host('d1');
    await farm.pass(3000);
    host.holds = new Map(own.map((hold) => [holdKey(hold), hold]));
    await farm.pass(3000);
    const [line = '', ...others] = heldLines(await readFleet(farm.store), 0);
    assert.match(line, /; on 1 of 3 directors\n$/);
    assert.match(others.at(-1) ?? '', /^d1: 10 more servers held\n$/);
  },
);

farmTest("another user's hold is not weakened without force", async ({ store }) => {
  await holdInFleet(store, [first], false, 0);
  const others = holdOf(first.server, { by: 'bob@ops2', weight: 5 });
  await assert.rejects(
    holdInFleet(store, [second, others], false, 0),
    /held in the fleet at 0 by alice@ops1.*disk; --force/,
  );
  assert.equal((await readFleetHolds(store)).holds.size, 1);
  await holdInFleet(store, [others], true, 0);
  assert.equal((await readFleetHolds(store)).holds.get(holdKey(first))?.by, 'bob@ops2');
  // A hold that has expired may be replaced by another user's.
  await holdInFleet(store, [holdOf(second.server, { until: 10 })], false, 0);
  await holdInFleet(store, [holdOf(second.server, { by: 'bob@ops2', weight: 1 })], false, 20);
});

farmTest('a new hold takes expired ones out of the store', async (farm) => {
  await holdInFleet(farm.store, [first], false, 0);
  await holdInFleet(farm.store, [second], false, first.until ?? 0);
  assert.deepEqual([...(await readFleetHolds(farm.store)).holds.keys()], [holdKey(second)]);
});
