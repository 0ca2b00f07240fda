// The quick ways to read documents give what the YAML parser gives, or nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { readJson, readPlainYaml } from '../../../src/document/formats/fast-parse.js';
import { documentOf, toYaml } from '../../../src/document/write.js';
import { state } from '../../support/arbitrary-state.js';

const options = { uniqueKeys: true, stringKeys: true, logLevel: 'error' } as const;

test('every document that export writes is read, and means the same', () =>
  fc.assert(
    fc.property(state(), (table) => {
      const document = documentOf(table);
      const text = toYaml(document);
      assert.deepEqual(readPlainYaml(text), parse(text, options));
      assert.deepEqual(readPlainYaml(text), JSON.parse(JSON.stringify(document)));
      assert.deepEqual(
        readJson(`${JSON.stringify(document, null, 2)}\n`),
        JSON.parse(JSON.stringify(document)),
      );
    }),
  ));

test('a text that looks like the place of another one is itself, or left to the parser', () => {
  for (const list of ['["__"]', '["__", "__"]', '["__", "a"]', '"__"']) {
    for (const end of ['', '\n', '\nb: 1\n']) {
      const text = `a: "x"\nc: ${list}${end}`;
      const found = readPlainYaml(text);
      if (found !== undefined) assert.deepEqual(found, parse(text, options));
    }
  }
});

/** Pieces of YAML, near to what is plain and not. */
const pieces = [
  ...[
    'services',
    '"__"',
    'a',
    'on',
    'true',
    'True',
    'null',
    'y',
    'nan',
    'tcp://192.0.2.1:80',
    'ab:',
    'x.',
    '1',
    '01',
    '-1',
    '1.5',
    '0x10',
  ],
  ...[
    '"10.0.0.1:80"',
    '"[2001:db8::1]:80"',
    '""',
    '"a b"',
    '"a\\n"',
    "'q'",
    '1e3',
    '.inf',
    '~',
    '&a',
    '*a',
    '!!str',
    '<<',
    '|',
    '>',
    '#c',
  ],
  ...[
    ': ',
    ':',
    ', ',
    ',',
    '- ',
    '-',
    '{ ',
    ' }',
    '{}',
    '{',
    '}',
    '[',
    ']',
    '[]',
    '\n',
    '\n  ',
    '\n    ',
    '\n      ',
    ' ',
    '\t',
    '? ',
    '%',
    '---\n',
  ],
];

test('whatever they read, the YAML parser reads the same', () => {
  let read = 0;
  const check = (text: string): void => {
    const quick = readPlainYaml(text) ?? readJson(text);
    if (quick === undefined) return;
    read++;
    assert.deepEqual(quick, parse(text, options), text);
  };
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((words) => words.join('')),
      check,
    ),
    { numRuns: 20_000 },
  );
  // A document that was nearly written so: somewhere, something else stands in it.
  fc.assert(
    fc.property(
      state().map((table) => toYaml(documentOf(table))),
      fc.nat(),
      fc.nat({ max: 12 }),
      fc.constantFrom('', ...pieces),
      (text, at, length, piece) => {
        const start = at % (text.length + 1);
        check(text.slice(0, start) + piece + text.slice(start + length));
      },
    ),
    { numRuns: 3000 },
  );
  assert.ok(read > 300, `${read} texts were read`);
});

test('a key that is there twice is not for the quick ways', () => {
  for (const text of ['aa: 1\naa: 2\n', 'aa: { bb: 1, bb: 2 }\n', 'aa:\n  - bb: 1\n    bb: 2\n'])
    assert.equal(readPlainYaml(text), undefined, text);
  for (const text of ['{"a":1,"a":2}', '{"a": {"b": 1, "b": 2}}'])
    assert.equal(readJson(text), undefined, text);
});
