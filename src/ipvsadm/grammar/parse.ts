/**
 * A command line of ipvsadm's grammar, in phases: words become tokens (popt.ts), tokens are read into settings, the
 * settings are checked against the command, and the command is built (build.ts). Looking names up is the caller's step
 * between the first and the second, so that everything here is synchronous.
 */
import { MalformedError, NoCommandError, UsageError } from '../../errors.js';
import { nearest } from '../../suggest.js';
import { blaming, type Draft, type OptionToken, type Tokens } from './args.js';
import { build } from './build.js';
import type { Command } from './command.js';
import {
  type AnySetting,
  type CommandOption,
  isSetting,
  type Option,
  options,
  type Settings,
} from './options.js';
import { type Fault, tokenize } from './popt.js';
import { check } from './validate.js';
import { isHostName, isPortName, type Names, noNames, splitHostPort } from './values.js';

/** First phase: words of a command line, without the program's name. */
export const tokensOf = (words: readonly string[]): Tokens => tokenize(words, options);

/** Names that have to be looked up before the command line can be read. */
export interface Wanted {
  readonly hosts: readonly string[];
  /** Some port is a name. */
  readonly ports: boolean;
}

/** The names in a command line; undefined where everything is a number, which is the rule in scripts. */
export function namesIn(tokens: Tokens): Wanted | undefined {
  const hosts: string[] = [];
  let ports = false;
  for (const token of tokens) {
    if (token.kind !== 'option' || token.value === undefined || !takesEndpoint(token.option)) continue;
    const at = splitHostPort(token.value);
    if (at === undefined) continue;
    if (isHostName(at)) hosts.push(at.host);
    if (isPortName(at.port)) ports = true;
  }
  return hosts.length > 0 || ports ? { hosts, ports } : undefined;
}

const takesEndpoint = (option: Option): boolean =>
  isSetting(option) &&
  (option.slot === 'server' || (option.slot === 'service' && option.long !== 'fwmark-service'));

/**
 * The command that a command line asks for.
 * @throws MalformedError where the words cannot be read as options, UsageError where they make no sense
 */
export function parse(tokens: Tokens, names: Names = noNames): Command {
  const draft = read(tokens, names);
  check(draft);
  return build(draft, names);
}

/** Reads the tokens one by one; the first mistake ends it. */
function read(tokens: Tokens, names: Names): Draft {
  let command: OptionToken<CommandOption> | undefined;
  const settings: Partial<Settings> = {};
  const sources: OptionToken<AnySetting>[] = [];
  const words: Draft['words'][number][] = [];
  for (const token of tokens) {
    if (token.kind === 'word') words.push(token);
    else if (token.kind === 'fault') throw faulty(token, command === undefined);
    else if (isOfCommand(token)) {
      if (command !== undefined) throw twoCommands(command, token);
      command = token;
      // Whatever follows, they want to know more first.
      if (token.option.long === 'help' || token.option.long === 'version') break;
    } else if (isOfSetting(token)) {
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

const isOfSetting = (token: OptionToken<Option>): token is OptionToken<AnySetting> => isSetting(token.option);
const isOfCommand = (token: OptionToken<Option>): token is OptionToken<CommandOption> => !isOfSetting(token);

/** The slot's type and the reader's are the same, which only a function generic in the slot can tell the compiler. */
function readSetting<S extends keyof Settings>(
  { slot, read }: { readonly slot: S; read(text: string | undefined, names: Names): Settings[S] },
  { spelling, value }: OptionToken<AnySetting>,
  settings: Partial<Settings>,
  names: Names,
): void {
  settings[slot] = blaming(spelling, () => read(value, names));
}

function refuseRepetition(token: OptionToken<AnySetting>, sources: readonly OptionToken<AnySetting>[]): void {
  if (token.option.repeatable) return;
  const earlier = sources.find(({ option }) => option.slot === token.option.slot);
  if (earlier === undefined) return;
  const problem =
    earlier.option === token.option ? 'given twice' : `excludes ${earlier.spelling}, which came before`;
  throw new UsageError(problem, token.spelling);
}

const twoCommands = (first: OptionToken<CommandOption>, second: OptionToken<CommandOption>): UsageError =>
  new UsageError(`a second command after ${first.spelling}; a command line has one`, second.spelling);

const faults: Readonly<Record<Fault, string>> = {
  unknown: 'unknown option',
  'missing-value': 'a value must follow',
  'unwanted-value': 'takes no value',
};

function faulty(
  { fault, spelling }: { fault: Fault; spelling: string },
  noCommandYet: boolean,
): MalformedError {
  const suggestion =
    fault === 'unknown' && spelling.startsWith('--') ? similar(spelling.slice(2)) : undefined;
  const Mistake = noCommandYet ? NoCommandError : MalformedError;
  return new Mistake(faults[fault], spelling, suggestion);
}

function similar(long: string): string | undefined {
  const meant = nearest(
    long,
    options.map((option) => option.long),
  );
  return meant === undefined ? undefined : `--${meant}`;
}
