/** Faults as tests: what each costs the client's requests, and the tables of the directors. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { FleetFault } from './faults.js';
import { FleetTestbed } from './testbed.js';

/** Share of the servers that a release may take: --max-remove of lvsadm run --store. */
const LIMIT = 0.2;

/** Makes a test of each fault, on one fleet. A fault that fails may leave damage: the next one gets a new fleet. */
export function tryFaults(faults: readonly FleetFault[], random: () => number): void {
  let fleet: FleetTestbed | undefined;
  const directories: string[] = [];
  const end = async (): Promise<void> => {
    await fleet?.[Symbol.asyncDispose]();
    fleet = undefined;
  };
  after(async () => {
    await end();
    for (const directory of directories) rmSync(directory, { recursive: true });
  });
  for (const fault of faults)
    test(fault.name, async (t) => {
      try {
        if (fleet === undefined) {
          directories.push(mkdtempSync(join(tmpdir(), 'fleet-')));
          fleet = await FleetTestbed.build(directories.at(-1) as string, random);
        }
        t.diagnostic(await tryFault(fault, fleet));
      } catch (error) {
        await end();
        throw error;
      }
    });
}

/** @returns a line about what was measured */
async function tryFault({ costsRequests, play }: FleetFault, fleet: FleetTestbed): Promise<string> {
  await fleet.begun();
  const before = await connectionsOf(fleet);
  let converged = 0;
  const requests = await fleet.during(async () => {
    await play(fleet);
    converged = await fleet.untilWell();
    await fleet.release();
    await fleet.untilTables();
    await fleet.requireHeld();
  });
  const failed = requests.filter(({ error }) => error !== undefined);
  if (costsRequests) assert.notEqual(failed.length, 0, 'requests that nobody can answer were not noticed');
  else assert.deepEqual(failed, [], fleet.logs());
  const connections = await connectionsOf(fleet);
  const idle = fleet.directors.filter((_, index) => connections[index] === before[index]);
  assert.deepEqual(
    idle.map(({ name }) => name),
    [],
    'all directors have taken requests',
  );
  for (const director of fleet.directors) {
    const counts = await director.counts();
    const shrunk = counts.find((count, index) => count < (1 - LIMIT) * (counts[index - 1] ?? 0));
    assert.equal(shrunk, undefined, `${director.name} had ${counts.join(', ')} servers`);
  }
  return `${requests.length} requests, ${failed.length} failed; well ${converged} ms after the fault`;
}

const connectionsOf = ({ directors }: FleetTestbed): Promise<bigint[]> =>
  Promise.all(directors.map((director) => director.connections()));
