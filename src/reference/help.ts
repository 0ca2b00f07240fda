/** The help of a subcommand. */
import { definitionList, wrap } from '../output/definition-list.js';
import { type CommandDescription, type OptionDescription, valueText } from './description.js';

/** Columns of output that is not a terminal. */
const WIDTH = 100;

/** What `lvsadm NAME --help` writes, in lines of at most `width` columns. */
export function subcommandHelp(command: CommandDescription, width = WIDTH): string {
  const { names, usage, help, positionals, options, notes, exitStatuses, examples } = command;
  const list = (title: string, rows: readonly (readonly [string, string])[]): string =>
    rows.length === 0 ? '' : `${title}:\n${definitionList(rows, width)}`;
  return [
    `Usage: ${['lvsadm', ...names, usage, '[options]'].filter(Boolean).join(' ')}\n`,
    ...[help, ...notes].map((text) => `${wrap(text, width).join('\n')}\n`),
    list(
      'Positionals',
      positionals.map((positional) => [positional.label, positional.help]),
    ),
    list(
      'Options',
      options.map((option) => [optionText(option), option.help]),
    ),
    list('Exit status', exitStatuses),
    examples.length > 0 && `Examples:\n${examples.map(exampleText).join('')}`,
  ]
    .filter(Boolean)
    .join('\n');
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
