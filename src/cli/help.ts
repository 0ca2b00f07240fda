/** `lvsadm help`: the overview of both grammars, or one of their commands. */
import { isNamed } from '../commands/command.js';
import { commands } from '../commands/index.js';
import { type Context, calledName } from '../context.js';
import { help as ipvsadmHelp } from '../ipvsadm/help.js';
import type { CommandDescription } from '../reference/description.js';
import { commandHelp } from '../reference/help.js';
import { ipvsadmCommands } from '../reference/ipvsadm.js';
import { overview } from '../reference/overview.js';
import { describeSubcommand } from '../reference/subcommands.js';
import { unknownCommand } from './unknown-command.js';

/**
 * @param words a subcommand, a command of ipvsadm (`-A`, `--add-service`), or `ipvsadm` for its whole grammar
 * @returns the exit status. @throws UsageError for any other word
 */
export async function help([word = 'help']: readonly string[], { out, program }: Context): Promise<number> {
  if (word === 'help') await out.write(overview(commands, Math.min(out.columns ?? 80, 80)));
  else if (word === 'ipvsadm') await out.write(ipvsadmHelp(calledName(program), out.columns));
  else await out.write(commandHelp(await described(word), out.columns));
  return 0;
}

async function described(word: string): Promise<CommandDescription> {
  const row = commands.find((each) => isNamed(each, word));
  if (row !== undefined) return describeSubcommand(row, (await row.load()).command);
  const command = ipvsadmCommands.find(({ names }) => names.includes(word));
  if (command === undefined) throw unknownCommand(word);
  return command;
}
