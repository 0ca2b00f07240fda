// YAML has the values of YAML 1.2's core schema, and the position of each part is known.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readYaml } from '../../../src/document/formats/yaml.js';
import { documentOf } from '../../../src/document/write.js';
import { DocumentError } from '../../../src/errors.js';
import { toYaml } from '../../../src/output/yaml.js';
import { state } from '../../support/arbitrary-state.js';

const values = (text: string): unknown[] => readYaml('f', text).map(({ value }) => value);

function problem(text: string): string {
  try {
    values(text);
  } catch (error) {
    assert.ok(error instanceof DocumentError, `not a document error: ${error}`);
    return error.message;
  }
  return assert.fail(`no problem in ${text}`);
}

test('every document that export writes is read', () =>
  fc.assert(
    fc.property(state(), (table) => {
      const document = documentOf(table);
      assert.deepEqual(values(toYaml(document, { compact: true })), [JSON.parse(JSON.stringify(document))]);
    }),
  ));

test('words and numbers are those of YAML 1.2', () => {
  const cases: readonly [text: string, value: unknown][] = [
    ['yes', 'yes'],
    ['on', 'on'],
    ['off', 'off'],
    ['n', 'n'],
    ['true', true],
    ['False', false],
    ['~', null],
    ['Null', null],
    ['', null],
    ['010', 10],
    ['0o10', 8],
    ['0x1f', 31],
    ['0b1', '0b1'],
    ['+1', 1],
    ['1_000', '1_000'],
    ['1e3', 1000],
    ['.5', 0.5],
    ['-.inf', Number.NEGATIVE_INFINITY],
    ['123456789012345678901', 123456789012345680000],
    ['12:30:45', '12:30:45'],
    ['2001-01-01', '2001-01-01'],
    ['10.0.0.1', '10.0.0.1'],
    ["'1'", '1'],
    ['"a\\tb"', 'a\tb'],
    ['!!str 1', '1'],
  ];
  for (const [text, value] of cases) assert.deepEqual(values(`a: ${text}`), [{ a: value }], text);
});

test('a file may hold several documents, of which an empty one has no value', () => {
  assert.deepEqual(values('a: 1\n---\nb: 2\n...\n---\n# no more\n'), [{ a: 1 }, { b: 2 }, undefined]);
  assert.deepEqual(values(''), []);
});

test('line ends of Windows, tabs between words, and a mark of the byte order are no part of values', () => {
  assert.deepEqual(values('\ufeffa:\r\n  - b\t# c\r\n  - d:\te\r\n'), [{ a: ['b', { d: 'e' }] }]);
});

test('an alias is the value of its anchor, the last of that name before it', () => {
  assert.deepEqual(values('a: &x [1]\nb: *x\nc: &x 2\nd: *x\n'), [{ a: [1], b: [1], c: 2, d: 2 }]);
  assert.equal(problem('a: &x 1\n---\nb: *x\n'), 'f:3:4: *x has no anchor before it');
});

test('a merge key is a key like any other', () => {
  assert.deepEqual(values('a: &x {b: 1}\nc: {<<: *x}\n'), [{ a: { b: 1 }, c: { '<<': { b: 1 } } }]);
});

test('a key that objects inherit is a key like any other', () => {
  const [value] = values('__proto__: {a: 1}\nconstructor: 2\n') as [object];
  assert.deepEqual(Object.entries(value), [
    ['__proto__', { a: 1 }],
    ['constructor', 2],
  ]);
});

test('every part is located', () => {
  const text = [
    '# a comment',
    'a: &x',
    '  - "one"',
    '  - {b: \'two\', "c": [3, 4]}',
    '  -',
    '    d: !!str 5',
    'e: *x',
    'f:',
    '"g" :   ',
    '---',
    '- h',
  ].join('\n');
  const [first, second] = readYaml('f', text);
  const at = (path: readonly (string | number)[], what?: 'key') => {
    const { line, column } = first?.locate(path, what) ?? {};
    return `${line}:${column}`;
  };
  assert.equal(at([]), '2:1');
  assert.equal(at(['a']), '3:3');
  assert.equal(at(['a', 0]), '3:5');
  assert.equal(at(['a', 1, 'b']), '4:9');
  assert.equal(at(['a', 1, 'c'], 'key'), '4:16');
  assert.equal(at(['a', 1, 'c', 1]), '4:25');
  assert.equal(at(['a', 2, 'd']), '6:14');
  assert.equal(at(['e']), '7:4');
  assert.equal(at(['e', 0]), '3:5');
  assert.equal(at(['f']), '8:3');
  assert.equal(at(['g'], 'key'), '9:1');
  assert.equal(at(['g']), '9:6');
  assert.equal(at(['a', 7, 'x']), '3:3', 'nothing is there, so the nearest value around it counts');
  assert.deepEqual(second?.locate([0]), { file: 'f', line: 11, column: 3, path: '[0]' });
});

test('a syntax error has a position', () => {
  assert.match(problem('a: [1, 2'), /^f:1:9: unexpected end of the stream within a flow collection$/);
  assert.match(problem('a: "x'), /^f:1:6: unexpected end of the stream within a double quoted scalar$/);
  assert.match(problem('a: 1\n  b: 2\n'), /^f:2:4: bad indentation of a mapping entry$/);
});
