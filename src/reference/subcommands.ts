/** The subcommands, described from their definitions. */
import {
  type Command,
  type CommandRow,
  labelOf,
  type Option,
  type Options,
  type Positional,
  usageOf,
  type ValueOption,
} from '../commands/command.js';
import { type ValueType, valueTypes } from '../commands/value-types.js';
import { netnsRow } from '../ipvsadm/grammar/options.js';
import { spellings } from '../ipvsadm/grammar/popt.js';
import {
  type CommandDescription,
  isShort,
  type OptionDescription,
  type PositionalDescription,
  type ValueDescription,
} from './description.js';

export const describeSubcommands = (rows: readonly CommandRow[]): Promise<CommandDescription[]> =>
  Promise.all(rows.map(async (row) => describeSubcommand(row, (await row.load()).command)));

/** `lvsadm help`, which takes the names of these commands. */
export const describeHelp = (commands: readonly CommandDescription[]): CommandDescription => ({
  names: ['help'],
  help: 'list all commands, or describe one',
  usage: '[COMMAND]',
  positionals: [
    {
      name: 'COMMAND',
      choices: ['ipvsadm', ...commands.flatMap(({ names }) => names)],
      optional: true,
      many: false,
      help: "a subcommand, a command of ipvsadm such as -A, or ipvsadm for all options of ipvsadm's grammar",
    },
  ],
  options: [],
  notes: [],
  exitStatuses: [],
  examples: [],
});

export function describeSubcommand(
  { name, alias, summary }: CommandRow,
  command: Command,
): CommandDescription {
  const { positionals = {}, options = {}, notes, exitStatuses = {}, examples = [] } = command;
  return {
    names: [name, ...(alias === undefined ? [] : [alias])],
    help: alias === undefined ? summary : `${summary} (alias: ${alias})`,
    usage: [usageOf(positionals), '[options]'].filter(Boolean).join(' '),
    positionals: Object.entries(positionals).map(describePositional),
    options: [
      ...Object.entries(options).map(describeOption),
      ...(command.offline ? [] : [netnsDescription]),
      ...(command.acrossNetns ? [allNetnsDescription] : []),
      helpOf(options),
    ],
    notes: notes === undefined ? [] : [notes],
    exitStatuses: Object.entries(exitStatuses),
    examples,
  };
}

/** Taken by every command that asks this machine, in either grammar. */
const netnsDescription: OptionDescription = {
  names: spellings(netnsRow),
  help: 'network namespace (default: this one)',
  value: { name: netnsRow.value, choices: [], completion: 'netns', notation: netnsRow.notation },
};

const allNetnsDescription: OptionDescription = {
  names: ['--all-netns'],
  help: 'this network namespace, and all that have names of ip-netns(8)',
};

/** `-h` may be an option of the command. */
const helpOf = (options: Options): OptionDescription => ({
  names: [...(Object.values(options).some(({ alias }) => alias === 'h') ? [] : ['-h']), '--help'],
  help: 'show this help',
});

const describePositional = ([name, positional]: [string, Positional]): PositionalDescription => ({
  ...describeValue(positional, name),
  name: labelOf(name, positional),
  optional: positional.optional || positional.many || false,
  many: positional.many ?? false,
  help: positional.describe,
});

function describeOption([name, option]: [string, Option]): OptionDescription {
  const { alias, describe } = option;
  const names = [...(alias === undefined ? [] : [`-${alias}`]), `--${name}`];
  if (option.type === 'flag') return { names, help: describe };
  return {
    names,
    help: [describe, ...remarks(option)].join(' '),
    value: describeValue(option, name),
  };
}

/** `(default: 30 s)`, `(required, repeatable)`, `(one of rr, wrr, lc, wlc)` */
function remarks({
  type,
  choices,
  describe,
  required,
  many,
  default: value,
  defaultText,
}: ValueOption): string[] {
  const { unit }: Partial<ValueType<unknown>> = type === undefined ? {} : valueTypes[type];
  const fallback =
    value === undefined ? defaultText : [value, unit].filter((part) => part !== undefined).join(' ');
  const parts = [required && 'required', many && 'repeatable', fallback && `default: ${fallback}`].filter(
    Boolean,
  );
  const untold =
    choices !== undefined && !isShort(choices) && choices.some((word) => !describe.includes(word));
  return [
    ...(untold ? [`(one of ${choices.join(', ')})`] : []),
    ...(parts.length === 0 ? [] : [`(${parts.join(', ')})`]),
  ];
}

function describeValue({ type, choices }: Positional | ValueOption, called: string): ValueDescription {
  if (type === undefined) return { name: called.toUpperCase(), choices };
  const { name, completion, notation }: ValueType<unknown> = valueTypes[type];
  return { name, choices: [], completion, notation };
}
