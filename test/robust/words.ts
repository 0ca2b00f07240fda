/** Text that other people's programs, files and accidents hand over: words, lines and bytes. */
import fc from 'fast-check';

/** Names of Object.prototype, which a look-up in a plain object would find. */
const inherited = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

/** Control characters, escape sequences, marks that reorder text, and what editors and terminals make of line ends. */
const unprintable = [
  '\x1b[31mred\x1b[0m',
  '\x1b]0;title\x07',
  '\x9b2J',
  'two\nlines',
  'back\rwards',
  'tab\tbed',
  '\u202egnp.exe',
  '\u2066hidden\u2069',
  '\u200f',
  'line\u2028separator',
  '\ufeff-A',
  '\x7f',
];

const numbers = [
  ...[
    '0',
    '1',
    '-1',
    '+80',
    ' 80',
    '80 ',
    '007',
    '0x10',
    '1e3',
    '1.5',
    'NaN',
    'Infinity',
    '-0',
    '65535',
    '65536',
  ],
  ...['2147483647', '2147483648', '4294967295', '4294967296', '9007199254740993', '9'.repeat(40)],
];

const endpoints = [
  ...['192.0.2.1:80', '192.0.2.2', '198.51.100.7:80', '198.51.100.8:8080', '[2001:db8::1]:80', '2001:db8::1'],
  ...[
    '192.0.2.1:',
    ':80',
    '192.0.2.1:0',
    '192.0.2.1:99999',
    '192.0.2.256:80',
    '1.2',
    '80',
    '0.0.0.0:0',
    '[::]:0',
  ],
  ...['[2001:db8::1', '[2001:db8::1]', '::ffff:192.0.2.1', 'fe80::1%lo', '192.0.2.1/24', '192.0.2.1:http'],
  ...[
    'tcp://192.0.2.1:80',
    'tcp://',
    'udp://[2001:db8::1]:5060',
    'fwmark://7',
    'fwmark://0',
    'fwmark6://8',
    '://',
  ],
];

const punctuation = [
  '',
  '-',
  '--',
  '---',
  '=',
  '--=',
  '-=',
  '--=x',
  "'",
  '"',
  '\\',
  '#',
  ',',
  ',,',
  '*',
  '?',
  '%s',
  '$(id)',
];

const long = ['x'.repeat(300), '-'.repeat(300), 'é'.repeat(200), '9'.repeat(300), 'a,'.repeat(100)];

const tableWords = [
  'wlc',
  'rr',
  'mh',
  'none',
  'mh-port',
  'flag-2',
  'sip',
  'master',
  'backup',
  'lo',
  'up',
  'down',
  'json',
];

/** Whole characters without NUL, since a process gets no others in its words; those of the grammars are frequent. */
const character = fc.oneof(
  fc.constantFrom(...'-=:.,/ [ab]01'),
  fc.integer({ min: 1, max: 0x2fff }).map((code) => String.fromCodePoint(code)),
  fc.integer({ min: 0xe000, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
);

const arbitraryText = fc.array(character, { maxLength: 12 }).map((characters) => characters.join(''));

/** A word of a command line. */
export const word: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...endpoints) },
  { weight: 4, arbitrary: fc.constantFrom(...numbers) },
  { weight: 3, arbitrary: fc.constantFrom(...tableWords) },
  { weight: 1, arbitrary: fc.constantFrom(...inherited) },
  { weight: 1, arbitrary: fc.constantFrom(...unprintable) },
  { weight: 1, arbitrary: fc.constantFrom(...punctuation) },
  { weight: 1, arbitrary: fc.constantFrom(...long) },
  { weight: 2, arbitrary: arbitraryText },
);

/** A change of a text at a place from 0 to 1 of its length. */
export interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

const inserted = fc.oneof(
  word,
  fc.constantFrom(
    '\n',
    '\r\n',
    '\0',
    ' ',
    '\t',
    '  - ',
    ': ',
    '{',
    '}',
    '[',
    ']',
    '&a ',
    '*a',
    '<<: ',
    '!!js ',
    '---\n',
    '...\n',
  ),
);

/** A few changes, mostly small; none now and then. */
export const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.oneof(fc.constantFrom(0, 1, 2), fc.nat(40)),
    insert: fc.oneof(fc.constant(''), inserted),
  }),
  { maxLength: 4 },
);

export function edited(text: string, changes: readonly Edit[]): string {
  let result = text;
  for (const { at, remove, insert } of changes) {
    const start = Math.floor(at * result.length);
    result = result.slice(0, start) + insert + result.slice(start + remove);
  }
  return result;
}
