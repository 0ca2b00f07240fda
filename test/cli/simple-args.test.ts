// Whatever command line the quick reader reads, yargs reads the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ArgumentsCamelCase } from 'yargs';
import { plainValues } from '../../src/cli/simple-args.js';
import type { Subcommand } from '../../src/cli/subcommands.js';
import { runWithYargs } from '../../src/cli/yargs-args.js';
import { commands } from '../../src/commands/index.js';
import type { Context } from '../../src/context.js';

/** What yargs makes of the words; undefined where it refuses them or shows help. */
async function yargsValues(
  subcommand: Subcommand,
  args: readonly string[],
): Promise<ArgumentsCamelCase | undefined> {
  let seen: ArgumentsCamelCase | undefined;
  const run = async (_context: unknown, values: ArgumentsCamelCase) => {
    seen = values;
    return 0;
  };
  const context = { out: { isTTY: false, write: () => {} } } as unknown as Context;
  await runWithYargs({ ...subcommand, command: { ...subcommand.command, run } }, args, context).catch(
    () => undefined,
  );
  return seen;
}

const rows = await Promise.all(
  Object.entries(commands).map(async ([name, row]) => ({ ...row, name, ...(await row.load()) })),
);

/** Words of the command line of a subcommand, right and wrong ones. */
function wordsFor({ command: { options } }: Subcommand): fc.Arbitrary<string> {
  const names = Object.keys(options).map((name) => `--${name}`);
  const values = [
    'x',
    'a.yaml',
    '30',
    '0',
    '-',
    '',
    'true',
    'false',
    'tcp://192.0.2.1:80',
    '"q"',
    "'q'",
    'a b',
  ];
  const others = ['-f', '-fx', '-f=x', '-h', '--help', '--version', '--', '--no-prune', '-z', '--zzz', '-1'];
  return fc.oneof(
    fc.constantFrom(...names, '-f', ...values),
    fc.constantFrom(...others),
    fc
      .tuple(fc.constantFrom('', ...names), fc.constantFrom(...values))
      .map(([name, value]) => `${name}=${value}`),
  );
}

for (const row of rows) {
  test(row.name, async () => {
    let read = 0;
    const line = fc.array(wordsFor(row), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom([], ['-f', 'x']), line, async (before, after) => {
        const args = [...before, ...after];
        const values = plainValues(row, args);
        if (values === undefined) return;
        read++;
        assert.deepEqual({ ...(await yargsValues(row, args)) }, values, args.join(' '));
      }),
      { numRuns: 1000 },
    );
    if (row.command.positionals === undefined) assert.ok(read > 0, 'some are read');
    else assert.equal(read, 0);
  });
}

const apply = rows.find(({ name }) => name === 'apply');

for (const words of ['-f x', '--file x --prune --json', '-f a --file=b --wait 5', '-f - --only fwmark://7']) {
  test(`the usual needs no yargs: apply ${words}`, () => {
    assert.ok(apply && plainValues(apply, words.split(' ')));
  });
}
