// JSON with counters of any size.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Json, toJson } from '../../src/output/json.js';

test('values that JSON.stringify can write have the same text', () =>
  fc.assert(
    fc.property(fc.jsonValue(), (value) =>
      assert.deepEqual(JSON.parse(toJson(value as Json)), JSON.parse(JSON.stringify(value))),
    ),
  ));

test('a counter keeps all its digits', () => {
  assert.equal(
    toJson({ bytes: 18446744073709551615n, more: [1n] }),
    '{\n  "bytes": 18446744073709551615,\n  "more": [\n    1\n  ]\n}\n',
  );
});

test('members that are undefined are left out, empty things stay short', () => {
  assert.equal(
    toJson({ a: undefined, b: null, c: [], d: {} }),
    '{\n  "b": null,\n  "c": [],\n  "d": {}\n}\n',
  );
});
