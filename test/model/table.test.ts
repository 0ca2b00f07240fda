import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overloadOf } from '../../src/model/table.js';

const loads: readonly (readonly [upper: number, lower: number, connections: number, overload: string])[] = [
  [0, 0, 1000, 'no'],
  [0, 50, 1000, 'no'],
  [100, 50, 49, 'no'],
  [100, 50, 50, 'unknown'],
  [100, 50, 99, 'unknown'],
  [100, 50, 100, 'yes'],
  [100, 0, 74, 'no'],
  [100, 0, 75, 'unknown'],
  [10, 0, 7, 'no'],
  [10, 0, 8, 'unknown'],
  [1, 0, 0, 'no'],
  [1, 0, 1, 'yes'],
];

test('between its thresholds a server may be overloaded; without a lower one that is 3/4 of the upper one', () => {
  for (const [upperThreshold, lowerThreshold, connections, overload] of loads) {
    const inactiveConnections = Math.floor(connections / 2);
    const activeConnections = connections - inactiveConnections;
    assert.equal(
      overloadOf({ upperThreshold, lowerThreshold, activeConnections, inactiveConnections }),
      overload,
      `${connections} of ${lowerThreshold} to ${upperThreshold}`,
    );
  }
});
