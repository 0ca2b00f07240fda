/** The modern subcommands' grammar: yargs, loaded only for them. */
import yargs, { type Options } from 'yargs';
import type { Command } from '../commands/command.js';
import { commands } from '../commands/index.js';
import { type Context, WithStatus } from '../context.js';
import { UsageError } from '../errors.js';
import { nearest } from '../ipvsadm/nearest.js';

/** Runs the subcommand that the first word names, and returns its exit status. */
export async function runModern(
  [name = 'help', ...args]: readonly string[],
  context: Context,
): Promise<number> {
  if (name === 'help') return overview(context);
  const row = commands[name];
  if (row === undefined) {
    throw new UsageError(`unknown command '${name}'`, name, nearest(name, Object.keys(commands)));
  }
  const { command } = await row.load();
  let status: number | undefined;
  const parser = yargs()
    .scriptName('lvsadm')
    .command(
      [name, command.positionals].filter(Boolean).join(' '),
      row.summary,
      (builder) =>
        (command.build ?? ((same) => same))(builder.options(command.options as Record<string, Options>)),
      async (values) => {
        refuseRepeated(command, values);
        status = await command.run(context, values);
      },
    )
    .strict()
    .recommendCommands()
    .parserConfiguration({
      // An option of many values is given many times, and does not swallow the words after it.
      'greedy-arrays': false,
      'parse-numbers': false,
    })
    .version(false)
    .help('help')
    .alias('help', 'h')
    .wrap(context.out.columns ?? 100)
    .fail((message, error) => {
      // yargs' own complaints have a class of their own, which it keeps to itself.
      throw error && error.name !== 'YError' ? error : new UsageError(message);
    })
    .exitProcess(false);
  let shown = '';
  try {
    await parser.parseAsync([name, ...args], {}, (_error, _values, output) => {
      shown = output;
    });
  } catch (error) {
    throw command.errorStatus === undefined ? error : new WithStatus(command.errorStatus, error);
  }
  if (shown !== '') await context.out.write(`${shown}\n`);
  return status ?? 0;
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

/** yargs makes a list of an option that is given twice; only one that is a list may be. */
function refuseRepeated(
  { options, repeatable = [] }: Command,
  values: Readonly<Record<string, unknown>>,
): void {
  for (const [name, option] of Object.entries(options)) {
    const list = option.type === 'array' || option.array || repeatable.includes(name);
    if (Array.isArray(values[name]) && !list) {
      throw new UsageError('given more than once', `--${name}`);
    }
  }
}
