// JSON means what it means as YAML, and is left to the reader of YAML where it has no such meaning.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readJson } from '../../../src/document/formats/json.js';
import { readYaml } from '../../../src/document/formats/yaml.js';
import { documentOf } from '../../../src/document/write.js';
import { state } from '../../support/arbitrary-state.js';

const json = (text: string): unknown => readJson('f', text)?.value;

test('every document that export writes as JSON is read, and means the same as YAML', () =>
  fc.assert(
    fc.property(state(), fc.constantFrom(undefined, 2), (table, indent) => {
      const document = documentOf(table);
      const text = `${JSON.stringify(document, null, indent)}\n`;
      assert.deepEqual(json(text), JSON.parse(JSON.stringify(document)));
      assert.deepEqual(
        readYaml('f', text).map(({ value }) => value),
        [json(text)],
      );
    }),
  ));

test('a duplicate key, a text that is no object and one that is no JSON are not read', () => {
  for (const text of [
    '{"a":1,"a":2}',
    '{"a": {"b": 1, "b": 2}}',
    '[{"a": 1}]',
    '"a"',
    '{"a": 1',
    '{a: 1}',
    '',
  ]) {
    assert.equal(json(text), undefined, text);
  }
});

test('colons and quotes in strings are no members', () => {
  assert.deepEqual(json('{"a": "b: \\"c\\": d", "e:": [{"f": ":"}]}'), {
    a: 'b: "c": d',
    'e:': [{ f: ':' }],
  });
});
