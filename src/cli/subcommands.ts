/** Runs the subcommand that the first word names. */

import type { Command, CommandRow } from '../commands/command.js';
import { commands } from '../commands/index.js';
import { type Context, WithStatus } from '../context.js';
import { UsageError } from '../errors.js';
import { quoted } from '../foreign-text.js';

/** @returns the exit status. @throws what the subcommand throws, and UsageError */
export async function runSubcommand(
  [name = 'help', ...args]: readonly string[],
  context: Context,
): Promise<number> {
  if (name === 'help') return overview(context);
  const row = commands.find((each) => each.name === name);
  if (row === undefined) throw await unknownCommand(name);
  const { command } = await row.load();
  try {
    return await run(row, command, args, context);
  } catch (thrown) {
    const error = thrown instanceof UsageError ? thrown.helpedBy(`lvsadm ${name} --help`) : thrown;
    throw command.errorStatus === undefined ? error : new WithStatus(command.errorStatus, error);
  }
}

async function run(
  row: CommandRow,
  command: Command,
  args: readonly string[],
  context: Context,
): Promise<number> {
  const { parse } = await import('./parse.js');
  const values = parse(command, args);
  if (values !== undefined) return command.run(context, values);
  const [{ subcommandHelp }, { describeSubcommand }] = await Promise.all([
    import('../reference/help.js'),
    import('../reference/subcommands.js'),
  ]);
  await context.out.write(subcommandHelp(describeSubcommand(row, command), context.out.columns));
  return 0;
}

async function unknownCommand(name: string): Promise<UsageError> {
  const { nearest } = await import('../suggest.js');
  const meant = nearest(
    name,
    commands.map((row) => row.name),
  );
  return new UsageError(`unknown command ${quoted(name)}`, name, meant, 'lvsadm help');
}

/** Lists the subcommands. */
async function overview({ out }: Context): Promise<number> {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
  await out.write(
    `Subcommands (lvsadm NAME --help describes each):\n${rows.join('')}\n` +
      'lvsadm --help describes the commands of ipvsadm, such as lvsadm -L.\n',
  );
  return 0;
}
