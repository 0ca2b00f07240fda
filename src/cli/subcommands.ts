/** Runs the subcommand that the first word names. */

import { type Command, type CommandRow, isNamed } from '../commands/command.js';
import { commands } from '../commands/index.js';
import { type Context, WithStatus } from '../context.js';
import { UsageError } from '../errors.js';

/** @returns the exit status. @throws what the subcommand throws, and UsageError */
export async function runSubcommand(
  [name = 'help', ...args]: readonly string[],
  context: Context,
): Promise<number> {
  if (['help', '-h', '--help'].includes(name)) return (await import('./help.js')).help(args, context);
  const row = commands.find((each) => isNamed(each, name));
  if (row === undefined) throw (await import('./unknown-command.js')).unknownCommand(name);
  const { command } = await row.load();
  try {
    return await run(row, command, args, context);
  } catch (thrown) {
    const error = thrown instanceof UsageError ? thrown.helpedBy(`lvsadm ${row.name} --help`) : thrown;
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
  return values === undefined
    ? (await import('./help.js')).help([row.name], context)
    : command.run(context, values);
}
