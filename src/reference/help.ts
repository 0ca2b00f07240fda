/** The help of a command in either grammar. */
import { definitionList, wrap } from '../output/definition-list.js';
import {
  type CommandDescription,
  type OptionDescription,
  type ValueDescription,
  valueText,
} from './description.js';

/** Columns of output that is not a terminal. */
const WIDTH = 100;

/** What `lvsadm help COMMAND` writes, in lines of at most `width` columns. */
export function commandHelp(command: CommandDescription, width = WIDTH): string {
  const { names, usage, help, positionals, options, notes, exitStatuses, examples } = command;
  const list = (title: string, rows: readonly (readonly [string, string])[]): string =>
    rows.length === 0 ? '' : `${title}:\n${definitionList(rows, width)}`;
  return [
    `Usage: ${['lvsadm', spelling(names), usage].filter(Boolean).join(' ')}\n`,
    ...[help, ...notes].map((text) => `${wrap(text, width).join('\n')}\n`),
    list(
      'Arguments',
      positionals.filter(({ help }) => help !== '').map(({ name, help }) => [name, help]),
    ),
    list(
      'Options',
      options.map((option) => [optionText(option), option.help]),
    ),
    list('Values', notationsIn([command])),
    list('Exit status', exitStatuses),
    examples.length > 0 && `Examples:\n${examples.map(exampleText).join('')}`,
  ]
    .filter(Boolean)
    .join('\n');
}

/** All spellings of a command of ipvsadm; a subcommand has one, and perhaps an alias. */
const spelling = (names: readonly string[]): string =>
  names.some((name) => name.startsWith('-')) ? names.join('|') : (names[0] ?? '');

/** The values of several commands, each with how it is written, once. */
export function notationsIn(
  commands: readonly CommandDescription[],
): (readonly [name: string, notation: string])[] {
  const values: readonly ValueDescription[] = commands.flatMap(({ positionals, options }) => [
    ...positionals,
    ...options.flatMap(({ value }) => value ?? []),
  ]);
  return [
    ...new Map(
      values.flatMap(({ name, notation }) => (notation === undefined ? [] : [[name, notation] as const])),
    ),
  ];
}

const exampleText = ([commandLine, purpose]: CommandDescription['examples'][number]): string =>
  `  # ${purpose}\n  ${commandLine}\n`;

/** `-f, --file FILE`, and `    --prune` in line with it. */
function optionText({ names, value }: OptionDescription): string {
  const spelled = names.join(', ');
  return [spelled.startsWith('--') ? `    ${spelled}` : spelled, value && valueText(value)]
    .filter(Boolean)
    .join(' ');
}
