/** The subcommands' grammar in all its forms: yargs, loaded only for what `plain.ts` does not read. */
import yargs, { type Options } from 'yargs';
import type { Command } from '../commands/command.js';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { nearest } from '../suggest.js';
import type { Subcommand } from './subcommands.js';

/** Runs the subcommand, or shows its help, and returns the exit status. */
export async function runWithYargs(
  { name, summary, command }: Subcommand,
  args: readonly string[],
  context: Context,
): Promise<number> {
  let status: number | undefined;
  const parser = yargs()
    .scriptName(`lvsadm ${name}`)
    .command(
      // As the default command: for one with a name yargs renders its help each time that it runs.
      ['$0', command.positionals].filter(Boolean).join(' '),
      summary,
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
  await parser.parseAsync([...args], {}, (_error, _values, output) => {
    shown = output;
  });
  if (shown !== '') await context.out.write(`${shown}\n`);
  return status ?? 0;
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
  const choice = /Argument: ([^,]+), Given: (.*), Choices: (.*)/.exec(message);
  if (choice !== null) return choiceMistake(choice, command);
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

/** yargs quotes the words given and the choices as JSON strings. */
function choiceMistake(
  [, name = '', given = '', choices = '']: RegExpExecArray,
  command: Command,
): UsageError {
  const known = wordsIn(choices);
  const word = wordsIn(given).find((each) => !known.includes(each)) ?? '';
  const argument = name in command.options ? `--${name}` : `<${name}>`;
  return new UsageError(`'${word}' is not one of ${known.join(', ')}`, argument, nearest(word, known));
}

const wordsIn = (text: string): string[] => JSON.parse(`[${text}]`).map(String);

function suggestedOption(word: string, { options }: Command): string | undefined {
  const meant = nearest(word, Object.keys(options));
  return meant && `--${meant}`;
}
