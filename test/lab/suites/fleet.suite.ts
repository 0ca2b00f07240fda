/**
 * Four directors behind ECMP, driven from three etcd servers, while a client sends requests all the time: what goes wrong with the store,
 * with agents and with releases costs no request, and no table more servers than a release may take. The faults come in another order in
 * each run; LVSADM_FLEET_SEED repeats one. --test-name-pattern chooses faults.
 */
import { fleetFaults } from '../fleet/faults.js';
import { tryFaults } from '../fleet/trial.js';

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

process.stdout.write(`LVSADM_FLEET_SEED=${seed}\n`);
tryFaults(shuffled(fleetFaults), random);
