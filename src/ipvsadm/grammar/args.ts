/** The arguments of a command line: tokens read one by one, each value by its option. The first mistake ends it. */

import { MalformedError, NoCommandError, UsageError, ValueError } from '../../errors.js';
import { quoted } from '../../foreign-text.js';
import { nearest } from '../../suggest.js';
import { type CommandName, type CommandOption, subcommandFor } from './commands.js';
import type { ResolvedNames } from './endpoint.js';
import { isSetting, type Option, options } from './options.js';
import type { Fault, Token } from './popt.js';
import type { OptionOf, SettingName, SettingOption, Settings } from './settings.js';

export type Tokens = readonly Token<Option>[];
type OptionToken<O extends Option> = Extract<Token<Option>, { kind: 'option' }> & { readonly option: O };
type FaultToken = Extract<Token<Option>, { kind: 'fault' }>;
type WordToken = Extract<Token<Option>, { kind: 'word' }>;

export interface Args {
  readonly command: OptionToken<CommandOption>;
  readonly settings: Partial<Settings>;
  /** The tokens that made the settings, in the order of the command line. */
  readonly sources: readonly OptionToken<SettingOption>[];
  /** Words that belong to no option. */
  readonly words: readonly WordToken[];
}

/** @throws MalformedError for words that cannot be read as options, UsageError for wrong values and repeated settings */
export function readArgs(tokens: Tokens, names: ResolvedNames): Args {
  let command: OptionToken<CommandOption> | undefined;
  const settings: Partial<Settings> = {};
  const sources: OptionToken<SettingOption>[] = [];
  const words: WordToken[] = [];
  for (const token of tokens) {
    if (token.kind === 'word') words.push(token);
    else if (token.kind === 'fault') throw faultError(token, command?.option.long);
    else if (isCommandToken(token)) {
      if (command !== undefined) throw secondCommand(command, token);
      command = token;
      // Words after -h and -v are ignored.
      if (token.option.long === 'help' || token.option.long === 'version') break;
    } else if (isSettingToken(token)) {
      if (command === undefined)
        throw new NoCommandError('the command must come before its options', token.spelling);
      refuseRepetition(token, sources);
      sources.push(token);
      readSetting(token.option, token, settings, names);
    }
  }
  if (command === undefined) throw new NoCommandError('no command given', words[0]?.spelling);
  return { command, settings, sources, words };
}

/** How the option that made a setting was written: `-w`, `--weight`. */
export const spellingOf = ({ sources }: Args, setting: SettingName): string =>
  sources.find(({ option }) => option.setting === setting)?.spelling ?? '';

/** Runs a reader of a value; its ValueError becomes a UsageError that names the option. */
export function readValue<T>(spelling: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const { field, given, expected, choices } = error;
    throw new UsageError(`${field} ${quoted(given)} is not ${expected}`, spelling, nearest(given, choices));
  }
}

const isSettingToken = (token: OptionToken<Option>): token is OptionToken<SettingOption> =>
  isSetting(token.option);
const isCommandToken = (token: OptionToken<Option>): token is OptionToken<CommandOption> =>
  !isSettingToken(token);

/** Generic, so that the compiler knows that the setting and its reader are of one type. */
function readSetting<N extends SettingName>(
  { setting, read }: Pick<OptionOf<N>, 'setting' | 'read'>,
  { spelling, value }: OptionToken<SettingOption>,
  settings: Partial<Settings>,
  names: ResolvedNames,
): void {
  settings[setting] = readValue(spelling, () => read(value, names));
}

function refuseRepetition(
  { option, spelling }: OptionToken<SettingOption>,
  sources: readonly OptionToken<SettingOption>[],
): void {
  if (option.repeatable) return;
  const earlier = sources.find((source) => source.option.setting === option.setting);
  if (earlier === undefined) return;
  const problem =
    earlier.option === option ? 'given twice' : `excludes ${earlier.spelling}, which came before`;
  throw new UsageError(problem, spelling);
}

const secondCommand = (first: OptionToken<CommandOption>, second: OptionToken<CommandOption>): UsageError =>
  new UsageError(
    `a second command after ${first.spelling}; a command line has one`,
    second.spelling,
    second.option.long === 'help' ? `lvsadm help ${first.spelling}` : undefined,
  );

const faultTexts: Readonly<Record<Fault, string>> = {
  unknown: 'unknown option',
  'missing-value': 'a value must follow',
  'unwanted-value': 'takes no value',
};

function faultError({ fault, spelling }: FaultToken, command: CommandName | undefined): MalformedError {
  const unknown = fault === 'unknown' && spelling.startsWith('--');
  const suggestion = unknown
    ? (subcommandWith(spelling.slice(2), command) ?? nearestOption(spelling.slice(2)))
    : undefined;
  const Mistake = command === undefined ? NoCommandError : MalformedError;
  return new Mistake(faultTexts[fault], spelling, suggestion);
}

/** `lvsadm list --json` for `-L --json`; without a command the table is listed. */
function subcommandWith(long: string, command: CommandName = 'list'): string | undefined {
  const subcommand = subcommandFor[command];
  return subcommand?.options.includes(long) ? `lvsadm ${subcommand.call} --${long}` : undefined;
}

function nearestOption(long: string): string | undefined {
  const found = nearest(
    long,
    options.map((option) => option.long),
  );
  return found && `--${found}`;
}
