/** The modern subcommands' grammar: yargs, loaded only for them. */
import yargs, { type ArgumentsCamelCase, type Options } from 'yargs';
import { commands } from '../commands/index.js';
import { type Context, WithStatus } from '../context.js';
import { UsageError } from '../errors.js';

/** Runs the subcommand `name` and returns its exit status. */
export async function runModern(name: string, args: readonly string[], context: Context): Promise<number> {
  const row = commands[name];
  if (row === undefined) throw new UsageError(`unknown command '${name}'`, name);
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
        status = await command.run(context, lastOnes(values, command.repeatable));
      },
    )
    .strict()
    .recommendCommands()
    .parserConfiguration({ 'parse-numbers': false })
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

/** Of an option that is given again, the last value counts, unless it may be given several times. */
function lastOnes(values: ArgumentsCamelCase, repeatable: readonly string[] = []): ArgumentsCamelCase {
  const single = Object.entries(values).map(([name, value]) => [
    name,
    Array.isArray(value) && name !== '_' && !repeatable.includes(name) ? value.at(-1) : value,
  ]);
  return Object.fromEntries(single);
}
