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
    throw new UsageError(
      `unknown command '${name}'`,
      name,
      nearest(name, Object.keys(commands)),
      'lvsadm help',
    );
  }
  const { command } = await row.load();
  let status: number | undefined;
  const parser = yargs()
    .scriptName(`lvsadm ${name}`)
    .command(
      // As the default command: for one with a name yargs renders its help each time that it runs.
      ['$0', command.positionals].filter(Boolean).join(' '),
      row.summary,
      (builder) =>
        (command.build ?? ((same) => same))(builder.options(command.options as Record<string, Options>)),
      async (values) => {
        checkValues(args, command, values);
        status = await command.run(context, values);
      },
    )
    .strict()
    .parserConfiguration({
      // An option of many values is given many times, and does not swallow the words after it.
      'greedy-arrays': false,
      'parse-numbers': false,
    })
    .version(false)
    .help('help')
    .alias('help', 'h')
    .wrap(context.out.columns ?? 100)
    .detectLocale(false)
    .fail((message, error) => {
      // yargs' own complaints have a class of their own, which it keeps to itself.
      throw error && error.name !== 'YError' ? error : mistakeIn(args, command, message);
    })
    .exitProcess(false);
  let shown = '';
  try {
    await parser.parseAsync([...args], {}, (_error, _values, output) => {
      shown = output;
    });
  } catch (thrown) {
    const error = thrown instanceof UsageError ? thrown.helpedBy(`lvsadm ${name} --help`) : thrown;
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

/**
 * What yargs lets pass: an option given twice, of which it makes a list, and a switch with a word for its value, which it
 * takes for false.
 */
function checkValues(
  args: readonly string[],
  { options, repeatable = [] }: Command,
  values: Readonly<Record<string, unknown>>,
): void {
  for (const [name, option] of Object.entries(options)) {
    const list = option.type === 'array' || option.array || repeatable.includes(name);
    if (Array.isArray(values[name]) && !list) throw new UsageError('given more than once', `--${name}`);
    if (option.type !== 'boolean') continue;
    const [, word] = args.map((arg) => arg.split('=', 2)).find(([start]) => start === `--${name}`) ?? [];
    if (word !== undefined && word !== 'true' && word !== 'false') {
      throw new UsageError(`'${word}' is not true or false`, `--${name}`);
    }
  }
}

/** yargs' complaints in our words, which name the argument and say what would be right. */
function mistakeIn(args: readonly string[], command: Command, message: string): UsageError {
  const [, complaint = '', word = ''] = /^([^:]+?)s?: ([^,]+)/.exec(message) ?? [];
  const option = args.find((arg) => arg.startsWith('-') && arg.replace(/^--?|=.*$/g, '') === word);
  switch (complaint) {
    case 'Unknown argument':
      return option === undefined
        ? new UsageError(`unexpected argument '${word}'`, word)
        : new UsageError('unknown option', `--${word}`, suggestedOption(word, command));
    case 'Missing required argument':
      return new UsageError('missing', `--${word}`);
    case 'Not enough arguments following':
      return new UsageError('a value is missing', option);
    case 'Not enough non-option argument':
      return new UsageError(`missing; it takes ${command.positionals}`);
  }
  return new UsageError(message);
}

function suggestedOption(word: string, { options }: Command): string | undefined {
  const meant = nearest(word, Object.keys(options));
  return meant && `--${meant}`;
}
