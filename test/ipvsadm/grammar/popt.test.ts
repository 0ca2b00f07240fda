import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type PoptOption, tokenize } from '../../../src/ipvsadm/grammar/popt.js';

const table: readonly PoptOption[] = [
  { long: 'list', short: 'Ll', argument: 'none' },
  { long: 'numeric', short: 'n', argument: 'none' },
  { long: 'weight', short: 'w', argument: 'required' },
  { long: 'persistent', short: 'p', argument: 'optional' },
  { long: 'stats', argument: 'none' },
];

/** Tokens in short: `list`, `weight=5`, `"word"`, `!unknown -z`. */
const tokens = (...words: string[]): string[] =>
  tokenize(words, table).map((token) => {
    if (token.kind === 'word') return JSON.stringify(token.spelling);
    if (token.kind === 'fault') return `!${token.fault} ${token.spelling}`;
    return token.value === undefined ? token.option.long : `${token.option.long}=${token.value}`;
  });

describe('the tokenizer, like popt(3),', () => {
  it('clusters short options, and knows one option by several letters', () => {
    assert.deepEqual(tokens('-Ln', '-l'), ['list', 'numeric', 'list']);
  });

  it('takes a value glued, after one equals sign, or in the next word', () => {
    assert.deepEqual(tokens('-w5', '-w=5', '-w', '5', '--weight=5', '--weight', '5', '-Lw5'), [
      'weight=5',
      'weight=5',
      'weight=5',
      'weight=5',
      'weight=5',
      'list',
      'weight=5',
    ]);
    assert.deepEqual(tokens('-w==5', '--weight==5'), ['weight==5', 'weight==5']);
  });

  it('takes an empty value, and one that looks like an option', () => {
    assert.deepEqual(tokens('-w', '', '-w=', '--weight=', '-w', '-L', '-w', '--'), [
      'weight=',
      'weight=',
      'weight=',
      'weight=-L',
      'weight=--',
    ]);
  });

  it('takes an optional value only where the next word does not begin with a dash', () => {
    assert.deepEqual(tokens('-p', '60', '-p', '-n', '-p60', '-p=-1', '--persistent', '60', '-p', '-', '-p'), [
      'persistent=60',
      'persistent',
      'numeric',
      'persistent=60',
      'persistent=-1',
      'persistent=60',
      'persistent',
      '"-"',
      'persistent',
    ]);
  });

  it('keeps words that belong to no option, and takes all for words after --', () => {
    assert.deepEqual(tokens('a', '-', '-L', 'b', '--', '-L', '--', '--stats'), [
      '"a"',
      '"-"',
      'list',
      '"b"',
      '"-L"',
      '"--"',
      '"--stats"',
    ]);
  });

  it('takes long names in full only, after two dashes', () => {
    assert.deepEqual(tokens('--stat'), ['!unknown --stat']);
    assert.deepEqual(tokens('-stats'), ['!unknown -s']);
    assert.deepEqual(tokens('--L'), ['!unknown --L']);
    assert.deepEqual(tokens('---'), ['!unknown ---']);
  });

  it('ends at the first fault, what came before it kept', () => {
    assert.deepEqual(tokens('-Lz', '-w', '5'), ['list', '!unknown -z']);
    assert.deepEqual(tokens('-L', '-w'), ['list', '!missing-value -w']);
    assert.deepEqual(tokens('--weight'), ['!missing-value --weight']);
    assert.deepEqual(tokens('--stats=1', '-L'), ['!unwanted-value --stats']);
    assert.deepEqual(tokens('-L='), ['!unwanted-value -L']);
  });

  it('keeps for each token the word that it came from, and how the option was written', () => {
    assert.deepEqual(
      tokenize(['-Lw', '5', 'x', '--numeric', '--weight=6'], table).map(({ index, word, spelling }) => [
        index,
        word,
        spelling,
      ]),
      [
        [0, '-Lw', '-L'],
        [0, '-Lw', '-w'],
        [2, 'x', 'x'],
        [3, '--numeric', '--numeric'],
        [4, '--weight=6', '--weight'],
      ],
    );
  });

  it('has the word that a value ends', () => {
    const words = ['-w5', '-w=5', '-w', '5', '-Lw5', '--weight=5', '--weight', '5', '-p', '-n'];
    assert.deepEqual(
      tokenize(words, table).flatMap((token) => (token.kind === 'option' ? [token.valueIndex] : [])),
      [0, 1, 3, undefined, 4, 5, 7, undefined, undefined],
    );
  });

  it('makes tokens of any words, with one fault at most, at the end', () => {
    const word = fc.oneof(
      fc.string(),
      fc.string().map((text) => `-${text}`),
      fc.constantFrom('-L', '-w', '-p', '--', '-', '-w=', '--weight', '--weight=', '-Lnp'),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const cut = tokenize(words, table);
        const faults = cut.filter(({ kind }) => kind === 'fault');
        assert.ok(faults.length === 0 || (faults.length === 1 && cut.at(-1) === faults[0]));
        assert.ok(cut.every(({ index }, at) => index >= (cut[at - 1]?.index ?? 0) && index < words.length));
      }),
    );
  });
});
