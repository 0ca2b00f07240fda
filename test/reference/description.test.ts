/** Both grammars, described: nothing that the parsers know is missing, and everything says what it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands as subcommands } from '../../src/commands/index.js';
import { commands } from '../../src/ipvsadm/grammar/commands.js';
import { settings } from '../../src/ipvsadm/grammar/options.js';
import { programs } from '../../src/reference/programs.js';
import { describeSubcommands } from '../../src/reference/subcommands.js';

const [lvsadm, ipvsadm, save, restore] = programs(await describeSubcommands(subcommands));
const uses = lvsadm?.uses ?? [];

test('every command and every subcommand is there, and by ipvsadm’s name only its own', () => {
  const long = commands.map(({ long }) => `--${long}`);
  const last = (program: typeof lvsadm) => program?.uses.map(({ names }) => names.at(-1));
  assert.deepEqual(last(lvsadm), [...long, ...subcommands.map(({ name }) => name)]);
  assert.deepEqual(last(ipvsadm), long);
  assert.deepEqual([last(save), last(restore)], [[], []]);
});

test('options go with the commands that the parser takes them with', () => {
  for (const { long, needed = [], allowed = [], setting } of settings) {
    const taken = [...needed, ...allowed];
    const offered = (ipvsadm?.uses ?? [])
      .filter(({ options }) => options.some(({ names }) => names.includes(`--${long}`)))
      .map(({ names }) => names.at(-1)?.slice(2));
    assert.deepEqual(
      offered,
      setting === 'sorted'
        ? ['list']
        : commands.map((command) => command.long).filter((name) => taken.includes(name)),
      long,
    );
  }
});

test('everything says what it is for', () => {
  const silent = uses.flatMap(({ names: [use], help, options }) =>
    [{ names: [use], help }, ...options]
      .filter((item) => item.help === '')
      .map(({ names }) => `${use} ${names}`),
  );
  assert.deepEqual(silent, []);
});

test('what a subcommand takes besides options is described, with its choices', () => {
  const described = uses.flatMap(({ names: [name], positionals }) =>
    positionals.filter(({ help }) => help !== '').map((positional) => `${name} ${positional.name}`),
  );
  assert.ok(described.includes('drain SERVICE') && described.includes('drain SERVER'), described.join());
  const set = uses.find(({ names }) => names[0] === 'real-server');
  assert.deepEqual(set?.positionals[0]?.choices, ['up', 'down', 'status']);
});
