/** Completion for bash: a script that contains all words, and runs lvsadm only for services and servers in the table. */
import type { Completion } from '../commands/value-types.js';
import type {
  CommandDescription,
  OptionDescription,
  ProgramDescription,
  ValueDescription,
} from './description.js';
import { namedNetns, serversProgram, servicesProgram, tableFile } from './table.js';

/** Variables that the function's last part turns into replies: `words` to choose from, `files` for compgen. */
const offers: Readonly<Record<Completion, (option: string) => string>> = {
  path: () => 'files=-f',
  directory: () => 'files=-d',
  interface: () => 'words=$(cd /sys/class/net && echo *)',
  netns: () => `words=$(ls ${namedNetns} 2>/dev/null)`,
  service: (option) => `words=$(_lvsadm_services ${option})`,
  'service-url': () => "words=$(_lvsadm_services '')",
  server: () => 'words=$(_lvsadm_servers)',
};

function offer({ choices, completion, list }: ValueDescription, option = ''): string {
  if (completion !== undefined) return offers[completion](option);
  if (choices.length === 0) return ':';
  return `words='${choices.join(' ')}'${list ? ' list=,' : ''}`;
}

const isOption = (word: string): boolean => word.startsWith('-');
const namesOf = (options: readonly OptionDescription[]): string =>
  options.flatMap(({ names }) => names).join(' ');

/** Whether the next word is the option's value. An optional value is not completed: the next word may be something else. */
const takesWord = ({ value }: OptionDescription): boolean => value !== undefined && !value.optional;

/** `-A | --add-service) options='...' valued='...' ;;`, commands with the same options in one. */
function commandCases(commands: readonly CommandDescription[]): string[] {
  const cases = new Map<string, string[]>();
  for (const { names, options } of commands) {
    const body = `options='${namesOf(options)}' valued='${namesOf(options.filter(takesWord))}'`;
    cases.set(body, [...(cases.get(body) ?? []), ...names]);
  }
  return [...cases].map(([body, names]) => `    ${names.join(' | ')}) ${body} ;;`);
}

/** ipvsadm's options mean the same after every command, a subcommand's are its own. */
function valueCases(commands: readonly CommandDescription[]): string[] {
  const own = commands.flatMap(({ names, options }) =>
    (names.some(isOption) ? ['-*'] : names).flatMap((after) => options.map((option) => ({ after, option }))),
  );
  const cases = own
    .filter(({ option }) => takesWord(option))
    .map(({ after, option }) => {
      const patterns = option.names.map((name) => `${after}' ${name}'`).join(' | ');
      return `    ${patterns}) ${offer(option.value as ValueDescription, option.names[0])} ;;`;
    });
  return [...new Set(cases)];
}

const positionalCases = (commands: readonly CommandDescription[]): string[] =>
  commands.flatMap((command) =>
    command.positionals.flatMap((positional, at) =>
      positional.completion === undefined && positional.choices.length === 0
        ? []
        : `    ${command.names.map((name) => `'${name} ${at}'`).join(' | ')}) ${offer(positional)} ;;`,
    ),
  );

const programCase = ({ name, commands, options }: ProgramDescription): string =>
  `    ${name}) starts='${commands.flatMap(({ names }) => names).join(' ')}' options='${namesOf(options)}' valued='${namesOf(options.filter(takesWord))}' ;;`;

export function bashCompletion(programs: readonly ProgramDescription[]): string {
  const commands = programs[0]?.commands ?? [];
  return `# Completion of lvsadm for bash, and of ipvsadm where it is a link to lvsadm. Made by: lvsadm completion bash

_lvsadm_rules() {
  [[ -e ${tableFile} ]] && command "$program" -Sn </dev/null 2>/dev/null
}

_lvsadm_services() {
  _lvsadm_rules | awk -v how="$1" '${servicesProgram}'
}

_lvsadm_servers() {
  _lvsadm_rules | awk -v service="$service" '${serversProgram}'
}

_lvsadm() {
  local program=$1 line=\${COMP_LINE:0:COMP_POINT}
  local cur=\${line##*[[:space:]]} word prev='' start='' service='' starts='' options='' valued='' words='' files='' list=''
  local -i at=0 value=0 first=0
  local -a given
  read -ra given <<<"\${line%"$cur"}"
  given=("\${given[@]:1}")

  case \${program##*/} in
${programs.map(programCase).join('\n')}
  esac
  if [[ -n $starts ]]; then
    first=1
    start=\${given[0]}
    # Short options may stand in one word: -Ln
    [[ $start == -[!-]?* ]] && start=\${start:0:2}
  fi
  case $start in
${commandCases(commands).join('\n')}
  esac

  # From the words so far: how many belong to no option, and the service.
  for word in "\${given[@]:first}"; do
    if ((value)); then
      value=0
      [[ $prev == @(-t|-u|-f|--@(tcp|udp|sctp|fwmark)-service) ]] && service=$word
    elif [[ $word == -* ]]; then
      prev=$word
      [[ $prev == -[!-]?* ]] && prev=-\${prev: -1}
      [[ " $valued " == *" $prev "* ]] && value=1
    else
      ((at++)) || service=\${service:-$word}
    fi
  done
  ((value)) || prev=''
  local before=''
  if [[ $cur == --*=* ]]; then
    prev=\${cur%%=*} before=\${cur%%=*}=
  fi

  if [[ -n $prev ]]; then
    # Programs without commands have options of ipvsadm's.
    case "\${start:--} $prev" in
${valueCases(commands).join('\n')}
    esac
  elif [[ -n $starts && \${#given[@]} -eq 0 ]]; then
    words=$starts
  elif [[ $cur != -* ]]; then
    case "$start $at" in
${positionalCases(commands).join('\n')}
    *) [[ -z $cur ]] && words=$options ;;
    esac
  else
    words=$options
  fi

  local part=\${cur#"$before"}
  [[ -n $list ]] && before+=\${part%"\${part##*,}"} part=\${part##*,}
  if [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$files" -- "$part")
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$part")
    COMPREPLY=("\${COMPREPLY[@]/#/$before}")
    # Readline takes what follows the last of these characters for the word.
    [[ $COMP_WORDBREAKS == *:* ]] && before=\${cur%"\${cur##*[:=]}"} || before=\${cur%"\${cur##*=}"}
    COMPREPLY=("\${COMPREPLY[@]#"$before"}")
  fi
}

complete -F _lvsadm ${programs.map(({ name }) => name).join(' ')}
`;
}
