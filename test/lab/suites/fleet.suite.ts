/**
 * Four directors behind ECMP, driven from three etcd servers, while a client sends requests all the time: what goes wrong with the store,
 * with agents and with releases costs no request, and no table more servers than a release may take. The faults come in another order in
 * each run; LVSADM_FLEET_SEED repeats one.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fleetFaults } from '../fleet/faults.js';
import { FleetTestbed } from '../fleet/testbed.js';

const seed = Number(process.env['LVSADM_FLEET_SEED'] ?? Date.now() % 1_000_000);

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomFrom(seed);

const shuffled = <T>(list: readonly T[]): T[] =>
  list
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);

/** Share of the servers that a release may take: --max-remove of lvsadm run --store. */
const LIMIT = 0.2;

let fleet: FleetTestbed;
let directory: string;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleet-'));
  fleet = await FleetTestbed.build(directory, random);
});

after(async () => {
  await fleet?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

for (const { name, play } of shuffled(fleetFaults))
  test(name, async (t) => {
    t.diagnostic(`LVSADM_FLEET_SEED=${seed}`);
    let converged = 0;
    const requests = await fleet.during(async () => {
      await play(fleet);
      converged = await fleet.untilWell();
      await fleet.release();
      await fleet.untilTables();
      await fleet.requireHeld();
    });
    const failed = requests.filter(({ error }) => error !== undefined);
    t.diagnostic(
      `${requests.length} requests, ${failed.length} failed; well ${converged} ms after the fault`,
    );
    assert.deepEqual(failed, [], fleet.logs());
    for (const director of fleet.directors) {
      const counts = await director.counts();
      const shrunk = counts.find((count, index) => count < (1 - LIMIT) * (counts[index - 1] ?? 0));
      assert.equal(shrunk, undefined, `${director.name} had ${counts.join(', ')} servers`);
    }
  });
