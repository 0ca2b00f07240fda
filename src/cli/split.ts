/** Splits the words of a subcommand into options and positionals, by yargs. */
import yargs, { type Options as YargsOptions } from 'yargs';
import type { Command, Option, Options } from '../commands/command.js';
import { UsageError } from '../errors.js';
import { nearest } from '../suggest.js';

/** Texts by the name of their option or positional, a list where there are several; for a flag whether it was given. */
export type Words = Readonly<Record<string, unknown>>;

/** @returns undefined where the words ask for help. @throws UsageError */
export async function split(
  { positionals = {}, options = {} }: Command,
  args: readonly string[],
): Promise<Words | undefined> {
  let words: Words | undefined;
  // All optional to yargs: what is missing is reported with the options' own mistakes.
  const usage = Object.entries(positionals).map(([name, { many }]) => (many ? `[${name}..]` : `[${name}]`));
  await yargs()
    .command(
      // The default command: the help of one with a name is rendered at each run.
      ['$0', ...usage].join(' '),
      '',
      (builder) => builder.options(mapValues(options, yargsOption)),
      (values) => {
        words = values;
      },
    )
    .strict()
    .parserConfiguration({ 'dot-notation': false, 'parse-numbers': false, 'parse-positional-numbers': false })
    .version(false)
    .help('help')
    .alias('help', 'h')
    .detectLocale(false)
    .fail((message, error) => {
      // yargs' own errors have a class that it does not export.
      throw error && error.name !== 'YError' ? error : mistake(args, options, message);
    })
    .exitProcess(false)
    // With a callback, help is not printed.
    .parseAsync([...args], {}, () => {});
  if (words !== undefined) checkFlags(args, options);
  return words;
}

const yargsOption = (option: Option): YargsOptions =>
  option.type === 'flag'
    ? { type: 'boolean' }
    : { type: 'string', requiresArg: true, ...(option.alias !== undefined && { alias: option.alias }) };

const mapValues = <A, B>(object: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));

/** yargs takes `--json=maybe` for false. */
function checkFlags(args: readonly string[], options: Options): void {
  for (const arg of args) {
    const [, name = '', value = ''] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
    if (Object.hasOwn(options, name) && options[name]?.type === 'flag' && !/^(true|false)$/.test(value)) {
      throw new UsageError(`'${value}' is not true or false`, `--${name}`);
    }
  }
}

/** yargs' errors in our words: with the argument as it was spelled, and the option that was probably meant. */
function mistake(args: readonly string[], options: Options, message: string): UsageError {
  const [, complaint = '', word = ''] = /^([^:]+?)s?: ([^,]+)/.exec(message) ?? [];
  const option = args.find((arg) => arg.startsWith('-') && arg.replace(/^--?|=.*$/g, '') === word);
  if (complaint === 'Not enough arguments following') return new UsageError('a value is missing', option);
  if (complaint !== 'Unknown argument') return new UsageError(message);
  if (option === undefined) return new UsageError(`unexpected argument '${word}'`, word);
  const meant = nearest(word, Object.keys(options));
  return new UsageError('unknown option', `--${word}`, meant && `--${meant}`);
}
