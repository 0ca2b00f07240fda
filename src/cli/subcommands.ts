/** Runs the subcommand that the first word names. */

import { type Command, type CommandRow, isNamed } from '../commands/command.js';
import { commands, ownCommands } from '../commands/index.js';
import { withOwnClient } from '../commands/shared/own-client.js';
import { type Context, WithStatus } from '../context.js';
import { UsageError } from '../errors.js';
import { netnsOption } from './argv0.js';

/**
 * @param netns the network namespace to run it in (default: this one)
 * @returns the exit status. @throws what the subcommand throws, and UsageError
 */
export async function runSubcommand(
  [name = 'help', ...args]: readonly string[],
  context: Context,
  netns?: string,
): Promise<number> {
  if (['help', '-h', '--help'].includes(name)) return (await import('./help.js')).help(args, context);
  const row = [...commands, ...ownCommands].find((each) => isNamed(each, name));
  if (row === undefined) throw (await import('./unknown-command.js')).unknownCommand(name);
  const { command } = await row.load();
  try {
    return await run(row, command, args, { ...context, words: [row.name, ...args] }, netns);
  } catch (thrown) {
    const error = thrown instanceof UsageError ? thrown.helpedBy(`lvsadm ${row.name} --help`) : thrown;
    throw command.errorStatus === undefined ? error : new WithStatus(command.errorStatus, error);
  }
}

async function run(
  row: Pick<CommandRow, 'name'>,
  command: Command,
  args: readonly string[],
  context: Context,
  netns: string | undefined,
): Promise<number> {
  if (netns !== undefined && command.offline) throw new UsageError('unknown option', netnsOption);
  const { parse } = await import('./parse.js');
  const everywhere = command.acrossNetns && (await import('./netns.js')).takeAllNetns(args);
  const values = parse(command, everywhere ?? args);
  if (values === undefined) return (await import('./help.js')).help([row.name], context);
  if (netns !== undefined) {
    return (await import('./netns.js')).runInNetns(netns, [row.name, ...args], context);
  }
  if (everywhere !== undefined) {
    return (await import('./netns.js')).runInAllNetns([row.name, ...everywhere], context);
  }
  return command.onlyReads
    ? withOwnClient(context, { autoload: false }, (reading) => command.run(reading, values))
    : command.run(context, values);
}
