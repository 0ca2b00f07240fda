/** The metrics of a director in its fleet. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetMetrics } from '../../../src/commands/run/fleet-metrics.js';
import { holdKey } from '../../../src/model/hold.js';

const state = {
  node: 'lb1',
  isConnected: true,
  answerAge: 1500,
  last: { fleet: '', id: '', sequence: 7, release: 5, documents: [], downBefore: 0 },
};
const hold = { service: 'tcp://192.0.2.10:80', weight: 0, before: 1, by: 'alice', since: 0 };
const holds = new Map(
  [
    { ...hold, server: '198.51.100.1:80', ofFleet: true as const },
    { ...hold, server: '198.51.100.2:80' },
  ].map((each) => [holdKey(each), each]),
);
const condition = { converged: false, health: { up: 1, down: 1 }, holds, hashing: [], drift: 3 };

/** `lvs_fleet_release 5` */
const samplesOf = (...args: Parameters<typeof fleetMetrics>): string[] =>
  fleetMetrics(...args).flatMap(({ name, samples }) => {
    const lines: string[] = [];
    samples((labels, value) => lines.push(`${name}${labels} ${value}`));
    return lines;
  });

test('a director in its fleet has its release, its drift and the holds of the fleet as metrics', () => {
  assert.deepEqual(samplesOf(state, condition), [
    'lvs_fleet_node{node="lb1"} 1',
    'lvs_fleet_store_connected 1',
    'lvs_fleet_store_answer_age_seconds 1.5',
    'lvs_fleet_release 5',
    'lvs_fleet_target 7',
    'lvs_fleet_converged 0',
    'lvs_fleet_holds 1',
    'lvs_fleet_drift 3',
  ]);
});

test('before its first release, and without its store, a director has fewer metrics', () => {
  const alone = { node: 'lb1', isConnected: false, answerAge: undefined, last: undefined };
  const names = samplesOf(alone, condition).map((line) => line.replace(/^lvs_fleet_/, ''));
  assert.deepEqual(names, ['node{node="lb1"} 1', 'store_connected 0', 'converged 0', 'holds 1', 'drift 3']);
});
