/** Text of others in messages and listings. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { excerpt, jsonString, masked, printable, printableLines, quoted } from '../src/foreign-text.js';

/** What no line of output may contain. */
const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom(
      'a',
      '\n',
      '\r',
      '\t',
      '\0',
      '\x1b',
      '\x7f',
      '\x9b',
      '\u202e',
      '\u2066',
      '\u2028',
      '\ud800',
    ),
    maxLength: 200,
  }),
);

describe('text of others', () => {
  const cases: readonly [what: string, text: string, shown: string][] = [
    ['a line feed, a carriage return and a tab', 'a\nb\rc\td', 'a\\nb\\rc\\td'],
    ['an escape sequence', '\x1b[31mred', '\\x1b[31mred'],
    ['a control character of eight bits', '\x9b31m', '\\x9b31m'],
    ['a mark that turns the direction of writing', 'eth0\u202e', 'eth0\\u202e'],
    ['an invisible character', 'a\u200bb', 'a\\u200bb'],
    ['a separator of lines', 'a\u2028b', 'a\\u2028b'],
    ['a tag, beyond 16 bits', 'a\u{e0041}', 'a\\u{e0041}'],
    ['half of a surrogate pair', 'a\ud83db', 'a\\ud83db'],
    ['printable text, backslashes included', 'C:\\n Größe 東京 😀', 'C:\\n Größe 東京 😀'],
  ];
  for (const [what, text, shown] of cases) {
    test(`${what} is shown as ${JSON.stringify(shown)}`, () => assert.equal(printable(text), shown));
  }

  test('whatever it is, no character of it reaches a terminal unseen', () =>
    fc.assert(
      fc.property(anyText, (text) => {
        for (const shown of [printable(text), excerpt(text), masked(text), jsonString(text)]) {
          assert.doesNotMatch(shown, dangerous);
        }
      }),
    ));

  test('a second rendering changes nothing', () =>
    fc.assert(fc.property(anyText, (text) => assert.equal(printable(printable(text)), printable(text)))));

  test('a JSON string of it has the same value', () =>
    fc.assert(fc.property(anyText, (text) => assert.equal(JSON.parse(jsonString(text)), text))));

  test('line feeds between lines stay where lines are wanted', () => {
    assert.equal(printableLines('a\x07\nb\n'), 'a\\x07\nb\n');
  });
});

describe('a word in a message', () => {
  test('is cut after 60 characters', () => {
    assert.equal(excerpt('x'.repeat(60)), 'x'.repeat(60));
    assert.equal(quoted('x'.repeat(61)), `'${'x'.repeat(60)}...'`);
  });

  test('is never cut within an escape or a surrogate pair', () => {
    assert.equal(excerpt(`${'x'.repeat(58)}\x1b]`), `${'x'.repeat(58)}...`);
    assert.equal(excerpt(`${'x'.repeat(59)}😀`), `${'x'.repeat(59)}...`);
  });

  test('of 10 MB takes no longer than a short one', () => {
    const started = performance.now();
    excerpt('\x1b'.repeat(10_000_000));
    assert.ok(performance.now() - started < 1000);
  });
});
