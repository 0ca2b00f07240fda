/** The cases: one thing changes at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base, cases, compared, families, methods, nameOf, type Variables } from './cases.js';

test('each case differs from the base case in one variable at most, and none comes twice', () => {
  for (const one of cases) {
    const changed = (Object.keys(base) as (keyof Variables)[]).filter((name) => one[name] !== base[name]);
    assert.ok(changed.length <= 1, `${nameOf(one)} changes ${changed.join(' and ')}`);
  }
  assert.equal(new Set(cases.map(nameOf)).size, cases.length);
});

test('connections are only added from one case to the next', () => {
  const held = cases.map((one) => one.held);
  assert.deepEqual(
    held,
    held.toSorted((a, b) => a - b),
  );
});

test('every method is measured in every pair of families that IPVS takes', () => {
  for (const [family, { service, server }] of Object.entries(families))
    for (const method of compared)
      assert.equal(
        cases.some((one) => one.family === family && one.method === method),
        service === server || methods[method].method === 'tun',
        `${method}, ${family}`,
      );
});
