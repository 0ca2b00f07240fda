/** Completion for zsh: specifications for its _arguments, which knows how options and words may stand. */
import type { Completion } from '../commands/value-types.js';
import type {
  CommandDescription,
  OptionDescription,
  PositionalDescription,
  ProgramDescription,
  ValueDescription,
} from './description.js';
import { namedNetns, serversProgram, servicesProgram, tableFile } from './table.js';

/** Actions of _arguments. A blank in front keeps it from putting options of its own into the call. */
const actions: Readonly<Record<Completion, (option: string) => string>> = {
  path: () => '_files',
  directory: () => '_files -/',
  interface: () => '_net_interfaces',
  netns: () => ' _lvsadm_netns',
  service: (option) => ` _lvsadm_services ${option}`,
  'service-url': () => ' _lvsadm_services ""',
  server: () => ' _lvsadm_servers',
};

function action({ choices, completion, list, name }: ValueDescription, option = ''): string {
  if (completion !== undefined) return actions[completion](option);
  if (choices.length === 0) return ' ';
  return list
    ? ` _values -s , ${quoted(name.replace(/\W.*/, ''))} ${choices.join(' ')}`
    : `(${choices.join(' ')})`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const escaped = (text: string): string => text.replaceAll(/[[\]:\\]/g, '\\$&');

/** `-t+` takes its value glued or as the next word, `--tcp-service=` after an equals sign or as the next word. */
const spelled = (name: string, { value }: OptionDescription): string =>
  value === undefined ? name : `${name}${name.startsWith('--') ? '=' : '+'}`;

const optionSpecs = (option: OptionDescription): string[] =>
  option.names.map((name) => {
    const { value, names, help } = option;
    const taken = value && `${value.optional ? '::' : ':'}${escaped(value.name)}:${action(value, names[0])}`;
    return quoted(`(${names.join(' ')})${spelled(name, option)}[${escaped(help)}]${taken ?? ''}`);
  });

const positionalSpec = (positional: PositionalDescription, at: number): string =>
  quoted(`${positional.many ? '*' : at + 1}:${escaped(positional.name)}:${action(positional)}`);

const commandCase = ({ names, options, positionals }: CommandDescription): string =>
  [
    `    (${names.join('|')}) specs=(`,
    ...[...options.flatMap(optionSpecs), ...positionals.map(positionalSpec)].map((spec) => `      ${spec}`),
    '    ) ;;',
  ].join('\n');

const programCase = ({ name, commands, options }: ProgramDescription): string =>
  [
    `    (${name})`,
    '      starts=(',
    ...commands.flatMap(({ names, help }) => names.map((word) => `        ${quoted(`${word}:${help}`)}`)),
    '      )',
    `      specs=(${options.flatMap(optionSpecs).join(' ')}) ;;`,
  ].join('\n');

export function zshCompletion(programs: readonly ProgramDescription[]): string {
  return `#compdef ${programs.map(({ name }) => name).join(' ')}
# Completion of lvsadm for zsh, and of ipvsadm where it is a link to lvsadm. Made by: lvsadm completion zsh

_lvsadm_rules() {
  [[ -e ${tableFile} ]] && command $program -Sn </dev/null 2>/dev/null
}

_lvsadm_netns() {
  local -a found=(${namedNetns}/*(N:t))
  compadd -a found
}

_lvsadm_services() {
  local -a found=(\${(f)"$(_lvsadm_rules | awk -v how="$1" '${servicesProgram}')"})
  compadd -a found
}

_lvsadm_servers() {
  local -a found=(\${(f)"$(_lvsadm_rules | awk -v service="\${at:-\${(Q)line[1]}}" '${serversProgram}')"})
  compadd -a found
}

_lvsadm() {
  # at: the service whose servers are meant, where an option names it.
  local program=$words[1] start at
  local -i i
  local -a starts specs

  case $service in
${programs.map(programCase).join('\n')}
  esac
  if (( $#starts )); then
    if (( CURRENT == 2 )); then
      _describe command starts
      return
    fi
    for (( i = 2; i < CURRENT - 1; i++ )); do
      [[ $words[i] == (-[^-]#[tuf]|--(tcp|udp|sctp|fwmark)-service) ]] && at=$words[i+1]
    done
    start=$words[2]
    if [[ $start == -[^-]?* ]]; then
      # Several short options in one word, -Ln: what follows the command's letter are options.
      start=$start[1,2]
      words[2]=-\${words[2][3,-1]}
      words[1]=$start
    else
      words=("\${(@)words[2,-1]}")
      (( CURRENT-- ))
    fi
  fi
  case $start in
${(programs[0]?.commands ?? []).map(commandCase).join('\n')}
  esac
  (( $#specs )) && _arguments -s $specs
}

if [[ $funcstack[1] == _lvsadm ]]; then
  _lvsadm "$@"
else
  compdef _lvsadm ${programs.map(({ name }) => name).join(' ')}
fi
`;
}
