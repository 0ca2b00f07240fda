/** Descriptions of both grammars are complete. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands as subcommands } from '../../src/commands/index.js';
import { commands } from '../../src/ipvsadm/grammar/commands.js';
import { settings } from '../../src/ipvsadm/grammar/options.js';
import { programs } from '../../src/reference/ipvsadm.js';
import { describeSubcommands } from '../../src/reference/subcommands.js';

const [lvsadm, ipvsadm, save, restore] = programs(await describeSubcommands(subcommands));
const described = lvsadm?.commands ?? [];

test('lvsadm has every command and subcommand, ipvsadm only its own commands', () => {
  const long = commands.map(({ long }) => `--${long}`);
  const spellings = (program: typeof lvsadm) => program?.commands.map(({ names }) => names);
  const names = (program: typeof lvsadm) =>
    spellings(program)?.map((each) => each.find((name) => name.startsWith('--')) ?? each[0]);
  assert.deepEqual(names(lvsadm), [...long, ...subcommands.map(({ name }) => name), 'help']);
  assert.deepEqual(names(ipvsadm), long);
  assert.deepEqual([names(save), names(restore)], [[], []]);
  const aliases = subcommands.flatMap(({ name, alias }) => (alias === undefined ? [] : [[name, alias]]));
  assert.deepEqual(
    spellings(lvsadm)?.filter((each) => each.length > 1 && !each.some((name) => name.startsWith('--'))),
    aliases,
  );
});

test('a command has the options that the parser accepts after it', () => {
  for (const { long, needed = [], allowed = [], setting } of settings) {
    const taken = [...needed, ...allowed];
    const offered = (ipvsadm?.commands ?? [])
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

test('every command and option has a help text', () => {
  const silent = described.flatMap(({ names: [command], help, options }) =>
    [{ names: [command], help }, ...options]
      .filter((item) => item.help === '')
      .map(({ names }) => `${command} ${names}`),
  );
  assert.deepEqual(silent, []);
});

test('positionals of subcommands are described, with their choices', () => {
  const positionalsOf = described.flatMap(({ names: [name], positionals }) =>
    positionals.filter(({ help }) => help !== '').map((positional) => `${name} ${positional.name}`),
  );
  assert.ok(
    positionalsOf.includes('drain SERVICE') && positionalsOf.includes('drain SERVER'),
    positionalsOf.join(),
  );
  const set = described.find(({ names }) => names[0] === 'real-server');
  assert.deepEqual(set?.positionals[0]?.choices, ['up', 'down', 'status']);
});
