/** Completion for fish: one line for each option, with the commands that it goes with. */
import type { Completion } from '../commands/value-types.js';
import type {
  CommandDescription,
  OptionDescription,
  ProgramDescription,
  ValueDescription,
} from './description.js';
import { namedNetns, serversProgram, servicesProgram, tableFile } from './table.js';

/** Given the option, for a positional the options that have a value. */
const offers: Readonly<Record<Completion, (words: string) => string>> = {
  path: () => '-F',
  directory: () => "-x -a '(__fish_complete_directories)'",
  interface: () => "-x -a '(__fish_print_interfaces)'",
  netns: () => `-x -a ${quoted(`(ls ${namedNetns} 2>/dev/null)`)}`,
  service: (option) => `-x -a ${quoted(`(__lvsadm_services ${option})`)}`,
  'service-url': () => `-x -a ${quoted('(__lvsadm_services "")')}`,
  server: (words) => `-x -a ${quoted(`(__lvsadm_servers ${words})`.replace(' )', ')'))}`,
};

const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`;

function offer({ choices, completion, list }: ValueDescription, words: string): string {
  if (completion !== undefined) return offers[completion](words);
  if (choices.length === 0) return '-x';
  return `-x -a ${quoted(list ? `(__lvsadm_list ${choices.join(' ')})` : choices.join(' '))}`;
}

const name = (word: string): string =>
  word.startsWith('--') ? `-l ${word.slice(2)}` : word.startsWith('-') ? `-s ${word.slice(1)}` : `-a ${word}`;

const spelled = (words: readonly string[]): string => words.map(name).join(' ');

function optionLine(condition: string, { names, value, help }: OptionDescription): string {
  const taken =
    value === undefined || value.optional
      ? ''
      : `-r ${offer(value, value.completion === 'service' ? (names[0] ?? '') : '')}`;
  return `    complete -c $program ${condition}${spelled(names)} ${taken} -d ${quoted(help)}`;
}

const after = (commands: readonly CommandDescription[]): string =>
  `-n ${quoted(`__lvsadm_after ${commands.flatMap(({ names }) => names).join(' ')}`)} `;

/** An option of several commands is one line that names them all. */
function optionLines(commands: readonly CommandDescription[]): string[] {
  const groups = new Map<string, { option: OptionDescription; commands: CommandDescription[] }>();
  for (const command of commands) {
    for (const option of command.options) {
      const key = optionLine('', option);
      const group = groups.get(key) ?? { option, commands: [] };
      group.commands.push(command);
      groups.set(key, group);
    }
  }
  return [...groups.values()].map((group) => optionLine(after(group.commands), group.option));
}

const positionalLines = (commands: readonly CommandDescription[]): string[] =>
  commands.flatMap((command) => {
    const valued = command.options.filter(({ value }) => value !== undefined).flatMap(({ names }) => names);
    return command.positionals
      .map((positional, at) => ({ taken: offer(positional, valued.join(' ')), at }))
      .filter(({ taken }) => taken.includes(' -a '))
      .map(({ taken, at }) => {
        const condition = `__lvsadm_after ${command.names.join(' ')}; and __lvsadm_word ${[at, ...valued].join(' ')}`;
        return `    complete -c $program -n ${quoted(condition)} ${taken}`;
      });
  });

const programLines = ({ name: program, commands, options }: ProgramDescription): string =>
  [
    `set program ${program}`,
    'complete -c $program -f',
    ...commands.map(
      ({ names, help }) => `complete -c $program -n __lvsadm_first ${spelled(names)} -d ${quoted(help)}`,
    ),
    ...options.map((option) => optionLine('', option).trim()),
  ].join('\n');

export function fishCompletion(programs: readonly ProgramDescription[]): string {
  const [whole, ...others] = programs;
  const shared = others.find(({ commands }) => commands.length > 0)?.commands ?? [];
  const own = (whole?.commands ?? []).filter((command) => !shared.includes(command));
  const lines = (commands: readonly CommandDescription[]): string =>
    [...optionLines(commands), ...positionalLines(commands)].join('\n');
  return `# Completion of lvsadm for fish, and of ipvsadm where it is a link to lvsadm. Made by: lvsadm completion fish

function __lvsadm_rules
    set -l given (commandline -opc)
    test -e ${tableFile}; and command $given[1] -Sn </dev/null 2>/dev/null
end

function __lvsadm_services
    __lvsadm_rules | awk -v how="$argv[1]" ${quoted(servicesProgram)}
end

# The words after the command that belong to no option. The arguments are the options that have a value.
function __lvsadm_words
    set -l given (commandline -opc)
    set -l value 0
    for word in $given[3..]
        if test $value -eq 1
            set value 0
        else if contains -- $word $argv
            set value 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# Whether this number of those words was given; more arguments are as above.
function __lvsadm_word
    test (count (__lvsadm_words $argv[2..])) -eq $argv[1]
end

# The servers of the service that an option names, or else the first of those words.
function __lvsadm_servers
    set -l given (commandline -opc)
    set -l words (__lvsadm_words $argv)
    set -l service "$words[1]"
    for at in (seq 3 (count $given))
        if string match -q -r -- '^(-[^-]*[tuf]|--(tcp|udp|sctp|fwmark)-service)$' $given[(math $at - 1)]
            set service $given[$at]
        end
    end
    __lvsadm_rules | awk -v service="$service" ${quoted(serversProgram)}
end

# Completes a comma-separated list of these words.
function __lvsadm_list
    set -l before (commandline -ct | string replace -r '^--[^=]*=' '' | string replace -r '[^,]*$' '')
    printf '%s\\n' "$before"$argv
end

# Whether the first word is being completed.
function __lvsadm_first
    test (count (commandline -opc)) -eq 1
end

# Whether the first word is one of these. Short options may stand in one word: -Ln
function __lvsadm_after
    set -l given (commandline -opc)
    contains -- (string replace -r '^(-[^-]).+' '$1' -- "$given[2]") $argv
end

${programs.map(programLines).join('\n\n')}

for program in lvsadm ipvsadm
${lines(shared)}
end

for program in lvsadm
${lines(own)}
end
`;
}
