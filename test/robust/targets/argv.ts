/** Command lines: of ipvsadm's grammar and of every subcommand, right, nearly right, and without any sense. */
import fc from 'fast-check';
import type { Command, Option, Positional } from '../../../src/commands/command.js';
import { commands } from '../../../src/commands/index.js';
import type { ValueTypeName } from '../../../src/commands/value-types.js';
import { options as dropInOptions } from '../../../src/ipvsadm/grammar/options.js';
import { commandLine } from '../../lab/differential/generate.js';
import { type CommandLine, run } from '../machine.js';
import { keepsPromises, refusesAsOne } from '../promises.js';
import { word } from '../words.js';
import { sampled, target } from './target.js';

type Words = fc.Arbitrary<string[]>;

const none: Words = fc.constant<string[]>([]);

const pick = (...values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);

/** Any option of ipvsadm's grammar, with and without a value, in every spelling. */
const dropInOption: Words = fc
  .tuple(fc.constantFrom(...dropInOptions), word, fc.nat(6))
  .map(([{ long, short = long }, value, spelling]) => {
    const spelled = [
      [`--${long}`],
      [`--${long}`, value],
      [`--${long}=${value}`],
      [`-${short}`, value],
      [`-${short}${value}`],
      [`-${short}`],
      [`--${long.slice(0, 4)}`, value],
    ];
    return spelled[spelling] ?? [];
  });

const soup: Words = fc
  .array(
    fc.oneof({ weight: 4, arbitrary: dropInOption }, { weight: 1, arbitrary: word.map((one) => [one]) }),
    {
      maxLength: 7,
    },
  )
  .map((parts) => parts.flat());

/** Values that a type takes, most of them about the table that there is. A type without a row gets words of any kind. */
const values: Readonly<Partial<Record<ValueTypeName, fc.Arbitrary<string>>>> = {
  // In a directory that is not there, so that no other command of the same process writes it.
  path: pick('/run/robust/no/such-file', '/dev/null', '-', '/etc/hostname', '/run'),
  directory: pick('/run/robust', '/run/no-such-directory', '/dev/null/x'),
  interface: pick('lo', 'eth0', 'no-such-link'),
  service: pick(
    'tcp://192.0.2.1:80',
    'udp://[2001:db8::1]:5060',
    'fwmark://7',
    'tcp://192.0.2.9:80',
    '192.0.2.1:80',
  ),
  server: pick(
    '198.51.100.7:80',
    '198.51.100.8:8080',
    '198.51.100.7',
    '[2001:db8:7::7]:5060',
    '2001:db8:7::7',
  ),
  address: pick('192.0.2.1', '2001:db8::1', '0.0.0.0', '224.0.0.1'),
  vips: pick('192.0.2.10', '192.0.2.10,192.0.2.11', '2001:db8::10/128', '0.0.0.0'),
  port: pick('0', '80', '6080', '65535', '65536'),
  weight: pick('0', '1', '+5', '50%', '2147483647', '2147483648'),
  seconds: pick('0', '1', '90s', '5m', '1.5h', '30d'),
};

const typedValue = (type: string | undefined, choices: readonly string[] = ['']): fc.Arbitrary<string> =>
  values[type as ValueTypeName] ?? pick(...choices);

const anyValue = ({
  type,
  choices,
}: {
  readonly type?: string | undefined;
  readonly choices?: readonly string[] | undefined;
}) => fc.oneof({ weight: 6, arbitrary: typedValue(type, choices) }, { weight: 1, arbitrary: word });

const optionWords = ([name, option]: readonly [string, Option]): Words => {
  if (option.type === 'flag') return fc.constant([`--${name}`]);
  return fc
    .tuple(anyValue(option), fc.boolean())
    .map(([value, joined]) => (joined ? [`--${name}=${value}`] : [`--${name}`, value]));
};

const given = (often: number, words: Words): Words =>
  fc.oneof({ weight: often, arbitrary: words }, { weight: 1, arbitrary: none });

/** The positionals in their order and some of the options: at least a file, where there may be any number. */
function commandWords(name: string, { positionals = {}, options = {} }: Command): Words {
  const places = Object.values(positionals).map((positional: Positional) =>
    given(
      positional.many ? 1 : 12,
      anyValue(positional).map((value) => [value]),
    ),
  );
  const required = Object.entries(options).filter(([, option]) => option.type !== 'flag' && option.required);
  const others = Object.entries(options);
  return fc
    .tuple(
      fc.tuple(...places),
      fc.tuple(...required.map((row) => given(12, optionWords(row)))),
      others.length === 0
        ? fc.constant<string[][]>([])
        : fc.array(fc.oneof(...others.map(optionWords)), { maxLength: 3 }),
      fc.oneof({ weight: 8, arbitrary: none }, { weight: 1, arbitrary: fc.array(word, { maxLength: 2 }) }),
    )
    .map(([first, needed, more, strays]) => [
      name,
      ...first.flat(),
      ...needed.flat(),
      ...more.flat(),
      ...strays,
    ]);
}

/** What doctor reads of the machine, and the files that set-ups write, take long. */
const rare: ReadonlySet<string> = new Set(['doctor', 'status', 'real-server', 'director']);

const subcommands = await Promise.all(
  commands.map(async ({ name, load }) => ({
    weight: rare.has(name) ? 1 : 12,
    arbitrary: commandWords(name, (await load()).command),
  })),
);

const programs = fc.oneof(
  { weight: 20, arbitrary: fc.constant('lvsadm') },
  { weight: 4, arbitrary: pick('ipvsadm', 'ipvsadm-save', 'ipvsadm-restore') },
);

const madeLines = sampled(
  commandLine.map(({ words, stdin = '' }): CommandLine => ({ words, stdin })),
  5000,
);

/** A line that the grammar takes, with a word that is missing or more. */
const nearlyRight: fc.Arbitrary<CommandLine> = fc
  .record({ line: madeLines, at: fc.nat(8), remove: fc.nat(1), more: fc.oneof(none, none, dropInOption) })
  .map(({ line, at, remove, more }) => ({ ...line, words: line.words.toSpliced(at, remove, ...more) }));

const asLine = (words: Words): fc.Arbitrary<CommandLine> => fc.record({ words, program: programs });

export const argv = target<CommandLine>(
  'argv',
  fc.oneof(
    { weight: 40, arbitrary: asLine(soup) },
    { weight: 50, arbitrary: fc.oneof(madeLines, nearlyRight) },
    { weight: 8, arbitrary: asLine(fc.oneof(...subcommands)) },
    { weight: 2, arbitrary: asLine(fc.array(word, { maxLength: 6 })) },
  ),
  async (line) => {
    const ran = await run(line);
    keepsPromises(ran);
    // Of a restore, the lines before the wrong one are carried out, as ipvsadm does it.
    if (line.stdin === undefined) refusesAsOne(ran);
  },
);
