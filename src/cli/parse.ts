/** Types the words of a subcommand as its definition says. */
import {
  type Command,
  camelCase,
  type Option,
  type Options,
  type Positional,
  type Positionals,
  usageOf,
  type ValueOption,
} from '../commands/command.js';
import { type ValueType, valueTypes } from '../commands/value-types.js';
import { UsageError } from '../errors.js';
import { nearest } from '../suggest.js';
import { split, type Words } from './split.js';

/**
 * The values that the command's `run` takes; undefined where the words ask for help.
 * @throws UsageError, ValueError
 */
export async function parse(command: Command, args: readonly string[]): Promise<Words | undefined> {
  const { positionals = {}, options = {} } = command;
  const words = await split(command, args);
  if (words === undefined) return undefined;
  checkConflicts(options, words);
  const values: Record<string, unknown> = {};
  for (const [name, positional] of Object.entries(positionals)) {
    values[name] = positionalValue(positional, words[name], name, positionals);
  }
  for (const [name, option] of Object.entries(options)) {
    values[camelCase(name)] = optionValue(option, words[name], `--${name}`);
  }
  return values;
}

function checkConflicts(options: Options, words: Words): void {
  for (const [name, option] of Object.entries(options)) {
    const other = option.type === 'flag' ? option.conflicts : undefined;
    if (other !== undefined && words[name] && words[other]) {
      throw new UsageError(`cannot be combined with --${other}`, `--${name}`);
    }
  }
}

function positionalValue(positional: Positional, given: unknown, name: string, all: Positionals): unknown {
  const values = readAll(positional, given, `<${name}>`);
  if (positional.many) return values;
  if (values.length === 0 && !positional.optional) {
    throw new UsageError(`missing; it takes ${usageOf(all)}`);
  }
  return values[0];
}

function optionValue(option: Option, given: unknown, argument: string): unknown {
  if (option.type === 'flag') return given === true;
  const values = readAll(option, given, argument);
  if (values.length === 0 && option.required) throw new UsageError('missing', argument);
  return option.many ? values : (values[0] ?? option.default);
}

/** @param argument how errors name the option or the positional */
function readAll(domain: Positional | ValueOption, given: unknown, argument: string): unknown[] {
  const { type, choices = [], many } = domain;
  const words = given === undefined ? [] : [given].flat().map(String);
  if (words.length > 1 && !many) throw new UsageError('given more than once', argument);
  if (type === undefined) return words.map((word) => oneOf(choices, word, argument));
  const valueType: ValueType<unknown> = valueTypes[type];
  return words.map((word) => valueType.read(word, argument));
}

function oneOf(choices: readonly string[], word: string, argument: string): string {
  if (choices.includes(word)) return word;
  throw new UsageError(`'${word}' is not one of ${choices.join(', ')}`, argument, nearest(word, choices));
}
