/** Types the words of a subcommand as its definition says. */

import {
  type Command,
  camelCase,
  labelOf,
  type Option,
  type Options,
  type Positional,
  type Positionals,
  usageOf,
  type ValueOption,
} from '../commands/command.js';
import { type ValueType, valueTypes } from '../commands/value-types.js';
import { UsageError } from '../errors.js';
import { excerpt, quoted } from '../foreign-text.js';
import { nearest } from '../suggest.js';
import { split, type Words } from './split.js';

/**
 * The values that the command's `run` takes, by name; undefined where the words ask for help.
 * @throws UsageError, ValueError
 */
export function parse(
  { positionals = {}, options = {} }: Command,
  args: readonly string[],
): Readonly<Record<string, unknown>> | undefined {
  const words = split(args, options);
  if (words === undefined) return undefined;
  checkConflicts(options, words.options);
  const values = positionalValues(positionals, options, words);
  for (const [name, option] of Object.entries(options)) {
    values[camelCase(name)] = optionValue(option, words.options[name], `--${name}`);
  }
  return values;
}

function positionalValues(positionals: Positionals, options: Options, words: Words): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  let rest = words.positionals;
  for (const [name, positional] of Object.entries(positionals)) {
    const { optional, many } = positional;
    const label = labelOf(name, positional);
    const isSkipped = positional.orNext && !positional.choices?.includes(rest[0] ?? '');
    const own = isSkipped ? [] : many ? rest : rest.slice(0, 1);
    if (own.length === 0 && !optional && !many) {
      throw new UsageError(`missing; it takes ${usageOf(positionals)}`, label);
    }
    const read = readAll(positional, own, label);
    values[name] = many ? read : read[0];
    rest = rest.slice(own.length);
  }
  const [extra] = rest;
  if (extra !== undefined) {
    throw new UsageError(`unexpected argument ${quoted(extra)}`, extra, optionFor(extra, options, words));
  }
  return values;
}

/** The required option that a surplus word is probably the value of: `-f web.yaml`. */
function optionFor(word: string, options: Options, given: Words): string | undefined {
  const found = Object.entries(options).find(
    ([name, option]) =>
      option.type !== 'flag' && option.required && (option.many || given.options[name] === undefined),
  );
  return found && `${shortest(...found)} ${excerpt(word)}`;
}

/** The shortest spelling of an option: `-f`, `--to`. */
const shortest = (name: string, option: Option): string =>
  option.type !== 'flag' && option.alias !== undefined ? `-${option.alias}` : `--${name}`;

function checkConflicts(options: Options, given: Words['options']): void {
  for (const [name, option] of Object.entries(options)) {
    const other = option.type === 'flag' ? option.conflicts : undefined;
    if (other !== undefined && given[name] && given[other]) {
      throw new UsageError(`cannot be combined with --${other}`, `--${name}`);
    }
  }
}

function optionValue(option: Option, given: unknown, argument: string): unknown {
  if (option.type === 'flag') return given === true;
  const words = given === undefined ? [] : [given].flat().map(String);
  if (words.length === 0 && option.required) throw new UsageError('missing', argument);
  if (words.length > 1 && !option.many) throw new UsageError('given more than once', argument);
  const values = readAll(option, words, argument);
  return option.many ? values : (values[0] ?? option.default);
}

/** @param argument how errors name the option or the positional. @throws UsageError, ValueError */
function readAll(domain: Positional | ValueOption, words: readonly string[], argument: string): unknown[] {
  const { type, choices = [] } = domain;
  if (words.includes('')) throw new UsageError('the value is empty', argument);
  if (type === undefined) return words.map((word) => oneOf(choices, word, argument));
  const valueType: ValueType<unknown> = valueTypes[type];
  return words.map((word) => valueType.read(word, argument));
}

function oneOf(choices: readonly string[], word: string, argument: string): string {
  if (choices.includes(word)) return word;
  throw new UsageError(
    `${quoted(word)} is not one of ${choices.join(', ')}`,
    argument,
    nearest(word, choices),
  );
}
