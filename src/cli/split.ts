/** Splits the words of a subcommand into options and positionals, by yargs. */

import yargs, { type Options as YargsOptions } from 'yargs';
import type { Option, Options } from '../commands/command.js';
import { UsageError } from '../errors.js';
import { quoted } from '../foreign-text.js';
import { nearest } from '../suggest.js';

/** The words of a command line: options with their values, and positionals. */
export interface Words {
  /** Texts by the name of their option, a list where there are several; true or false for a flag. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The words that belong to no option. */
  readonly positionals: readonly string[];
}

/** @returns undefined where the words ask for help. @throws UsageError */
export function split(args: readonly string[], options: Options): Words | undefined {
  let help = false;
  const parser = yargs()
    .options(Object.fromEntries(Object.entries(options).map(([name, option]) => [name, yargsOption(option)])))
    .strictOptions()
    .parserConfiguration({ 'dot-notation': false, 'parse-numbers': false, 'parse-positional-numbers': false })
    .version(false)
    .help('help')
    .alias('help', Object.values(options).some(({ alias }) => alias === 'h') ? [] : 'h')
    .detectLocale(false)
    .fail((message, error) => {
      // yargs' own errors have a class that it does not export.
      throw error && error.name !== 'YError' ? error : mistake(args, options, message);
    })
    .exitProcess(false);
  // With a callback, yargs hands its help over instead of printing it.
  const { _: positionals, ...given } = parser.parseSync([...args], {}, (_error, _values, output) => {
    help = output !== '';
  });
  if (help) return undefined;
  checkFlags(args, options);
  return { options: given, positionals: positionals.map(String) };
}

const yargsOption = ({ type, alias }: Option): YargsOptions => ({
  ...(type === 'flag' ? { type: 'boolean' } : { type: 'string', requiresArg: true }),
  ...(alias !== undefined && { alias }),
});

/** yargs takes `--json=maybe` for false. */
function checkFlags(args: readonly string[], options: Options): void {
  for (const arg of args) {
    const [, name = '', value = ''] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
    if (Object.hasOwn(options, name) && options[name]?.type === 'flag' && !/^(true|false)$/.test(value)) {
      throw new UsageError(`${quoted(value)} is not true or false`, `--${name}`);
    }
  }
}

/** yargs' errors in our words: with the argument as it was spelled, and the option that was probably meant. */
function mistake(args: readonly string[], options: Options, message: string): UsageError {
  const [, complaint = '', word = ''] = /^([^:]+?)s?: ([^,]+)/.exec(message) ?? [];
  if (complaint === 'Not enough arguments following') {
    const option = args.find((arg) => arg.startsWith('-') && arg.replace(/^--?|=.*$/g, '') === word);
    return new UsageError('a value is missing', option);
  }
  if (complaint !== 'Unknown argument') return new UsageError(message);
  const spelling = spellingIn(args, word);
  const meant = nearest(spelling.replace(/^--?/, ''), Object.keys(options));
  return new UsageError('unknown option', spelling, meant && `--${meant}`);
}

/**
 * An unknown option as the words have it. Of `-dry-run`, which yargs takes for single letters, it is the whole word; of `-xn` the
 * letter.
 */
function spellingIn(args: readonly string[], name: string): string {
  const spelled = args.map((arg) => arg.replace(/=.*$/s, ''));
  if (spelled.includes(`--${name}`)) return `--${name}`;
  const long = spelled.find((arg) => /^-[a-z]{2,}(-[a-z]+)+$/.test(arg));
  return long ?? `${name.length > 1 ? '--' : '-'}${name}`;
}
