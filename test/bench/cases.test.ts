/** What is measured: rules and documents. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rulesFor } from './guest/documents.js';
import { rulesIn, rulesOf } from './guest/rules.js';

test('rules have as many lines as were asked for, all different', () => {
  const shape = { services: 300, servers: 3 };
  const lines = rulesOf(shape).trimEnd().split('\n');
  assert.equal(lines.length, rulesIn(shape));
  assert.equal(new Set(lines).size, lines.length);
});

test('documents differ from the table in nothing, one server, or all of them', () => {
  const [before, one, all] = (['nothing to do', 'one change', 'all changed'] as const).map((change) =>
    rulesFor(change).split('\n'),
  );
  const changed = (after: readonly string[] = []) => after.filter((line, at) => line !== before?.[at]).length;
  assert.deepEqual([changed(before), changed(one), changed(all)], [0, 1, 10_000]);
});
