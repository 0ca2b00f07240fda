/** The subcommands: finds the one that is meant, and what its words say. */
import type { Command } from '../commands/command.js';
import { commands } from '../commands/index.js';
import { type Context, WithStatus } from '../context.js';
import { UsageError } from '../errors.js';
import { plainValues } from './simple-args.js';

export interface Subcommand {
  readonly name: string;
  readonly summary: string;
  readonly command: Command;
}

/** Runs the subcommand that the first word names, and returns its exit status. */
export async function runModern(
  [name = 'help', ...args]: readonly string[],
  context: Context,
): Promise<number> {
  if (name === 'help') return overview(context);
  const row = commands[name];
  if (row === undefined) throw await unknownCommand(name);
  const { command } = await row.load();
  try {
    return await run({ name, summary: row.summary, command }, args, context);
  } catch (thrown) {
    const error = thrown instanceof UsageError ? thrown.helpedBy(`lvsadm ${name} --help`) : thrown;
    throw command.errorStatus === undefined ? error : new WithStatus(command.errorStatus, error);
  }
}

/** yargs is a large part of a short run, and is loaded for those words only that need it. */
async function run(subcommand: Subcommand, args: readonly string[], context: Context): Promise<number> {
  const values = plainValues(subcommand, args);
  if (values !== undefined) return subcommand.command.run(context, values);
  return (await import('./yargs-args.js')).runWithYargs(subcommand, args, context);
}

async function unknownCommand(name: string): Promise<UsageError> {
  const { nearest } = await import('../suggest.js');
  return new UsageError(
    `unknown command '${name}'`,
    name,
    nearest(name, Object.keys(commands)),
    'lvsadm help',
  );
}

/** What subcommands there are. */
async function overview(context: Context): Promise<number> {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`);
  await context.out.write(
    `Subcommands (lvsadm NAME --help tells more of each):\n${rows.join('')}\n` +
      "ipvsadm's commands, such as lvsadm -L, are told by lvsadm --help.\n",
  );
  return 0;
}
