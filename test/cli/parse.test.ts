// Parsing apart from running: which values a subcommand's words become.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from '../../src/cli/parse.js';
import { type Command, defineCommand } from '../../src/commands/command.js';
import { commands } from '../../src/commands/index.js';

/** A command with every kind of option and positional. */
const everything = defineCommand({
  positionals: {
    service: { type: 'service', describe: '' },
    mode: { choices: ['on', 'off'], optional: true, describe: '' },
    more: { type: 'vips', many: true, describe: '' },
  },
  options: {
    file: { alias: 'f', type: 'path', required: true, many: true, describe: '' },
    'dry-run': { type: 'flag', describe: '' },
    'tun-port': { type: 'port', describe: '' },
    wait: { type: 'seconds', default: 30, describe: '' },
    gateway: { type: 'address', describe: '' },
  },
  run: async () => 0,
});

const words = (text: string): string[] => text.split(' ');

describe('values', () => {
  const rest = { mode: undefined, more: [], dryRun: false, tunPort: undefined, wait: 30, gateway: undefined };
  for (const [line, values] of [
    ['a -f x', { service: 'a', file: ['x'], ...rest }],
    ['a -f x --file=- --file y', { service: 'a', file: ['x', '-', 'y'], ...rest }],
    ['--dry-run a on -f x', { service: 'a', file: ['x'], ...rest, mode: 'on', dryRun: true }],
    ['a -f x --dry-run=true', { service: 'a', file: ['x'], ...rest, dryRun: true }],
    ['a -f x --wait 1.5 --tun-port 80', { service: 'a', file: ['x'], ...rest, wait: 1.5, tunPort: 80 }],
    ['1 -f 2', { service: '1', file: ['2'], ...rest }],
    [
      'a off 192.0.2.1,192.0.2.2/32 2001:DB8::0 -f x',
      { service: 'a', file: ['x'], ...rest, mode: 'off', more: [['192.0.2.1', '192.0.2.2'], ['2001:db8::']] },
    ],
    ['a -f x --gateway 2001:0db8::1', { service: 'a', file: ['x'], ...rest, gateway: '2001:db8::1' }],
  ] as const) {
    test(line, () => assert.deepEqual(parse(everything, words(line)), values));
  }

  test('times have units', () => {
    for (const [text, seconds] of Object.entries({
      90: 90,
      '90s': 90,
      '1.5m': 90,
      '2h': 7200,
      '1d': 86_400,
    })) {
      assert.equal(parse(everything, words(`a -f x --wait ${text}`))?.['wait'], seconds, text);
    }
    for (const text of ['5 m', 'm', '5M', '1m30s', '-5', '']) {
      assert.throws(
        () => parse(everything, ['a', '-f', 'x', `--wait=${text}`]),
        { name: 'UsageError' },
        text,
      );
    }
  });

  test('no values if the words ask for help, whatever the others are', async () => {
    for (const line of ['--help', '-h', '--nonsense --help', 'help']) {
      assert.equal(parse(everything, words(line)), undefined, line);
    }
  });
});

describe('mistakes', () => {
  for (const [line, argument, problem] of [
    ['-f x', 'SERVICE', 'missing; it takes SERVICE [MODE] [ADDRESS...]'],
    ['a', '--file', 'missing'],
    ['a -f x --wait 1 --wait 2', '--wait', 'given more than once'],
    ['a -f x --wait soon', '--wait', "'soon' is not a time such as 90, 90s, 5m or 1h, at most 2000000 s"],
    ['a -f x --wait 1e3', '--wait', "'1e3' is not a time such as 90, 90s, 5m or 1h, at most 2000000 s"],
    [
      'a -f x --wait 2000001',
      '--wait',
      "'2000001' is not a time such as 90, 90s, 5m or 1h, at most 2000000 s",
    ],
    ['a -f x --tun-port 0', '0', "'0' is not a port from 1 to 65535"],
    ['a -f x --tun-port 65536', '65536', "'65536' is not a port from 1 to 65535"],
    ['a of -f x', 'MODE', "'of' is not one of on, off"],
    ['a -f x --file.name y', '--file.name', 'unknown option'],
    ['a -f x --constructor', '--constructor', 'unknown option'],
    ['a -f x --constructor=y', '--constructor', 'unknown option'],
    ['a -f', '-f', 'a value is missing'],
  ] as const) {
    test(line, async () => {
      assert.throws(() => parse(everything, words(line)), { name: 'UsageError', argument, problem });
    });
  }

  test('flags that exclude each other', async () => {
    const list = await load('list');
    assert.throws(() => parse(list, ['--rate', '--stats']), {
      argument: '--stats',
      problem: 'cannot be combined with --rate',
    });
    assert.deepEqual(parse(list, ['--rate']), {
      service: undefined,
      stats: false,
      rate: true,
      human: false,
      sort: 'name',
      filter: [],
      output: undefined,
      json: false,
    });
  });
});

async function load(name: string): Promise<Command> {
  const row = commands.find((each) => each.name === name);
  assert.ok(row, name);
  return (await row.load()).command;
}

for (const { name } of commands) {
  test(`the definition of ${name} holds together`, async () => {
    const { positionals = {}, options = {} } = await load(name);
    const several = Object.values(positionals).map(({ many, optional }) => many ?? optional ?? false);
    assert.deepEqual(several, [...several].sort(), 'what may be left out comes last');
    for (const option of Object.values(options)) {
      if (option.type === 'flag')
        assert.ok(option.conflicts === undefined || Object.hasOwn(options, option.conflicts));
      else assert.ok(option.alias === undefined || /^[a-z]$/.test(option.alias));
    }
  });
}
