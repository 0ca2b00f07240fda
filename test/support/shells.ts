/** What a shell offers for a line that somebody has typed, asked of the shell itself. */
import { execFileSync } from 'node:child_process';

export interface Typed {
  /** Path of the script that `lvsadm completion` wrote for the shell. */
  readonly script: string;
  readonly line: string;
  /** A directory where programs are looked for first, and where the shell's own files may lie. */
  readonly path: string;
}

export type Shell = (typed: Typed) => string[];

const run = (
  program: string,
  args: readonly string[],
  path: string,
  env: Record<string, string> = {},
): string =>
  execFileSync(program, args, {
    encoding: 'utf8',
    env: { PATH: `${path}:/usr/bin:/bin`, HOME: path, TERM: 'dumb', LC_ALL: 'C.UTF-8', ...env },
  });

/** What the last word becomes, in order. Shells differ in how much of it they see as already there. */
const becoming = (line: string, there: RegExp, candidates: readonly string[]): string[] => {
  const [start = ''] = there.exec(line.slice(line.lastIndexOf(' ') + 1)) ?? [];
  return [...new Set(candidates.filter((one) => one !== '').map((one) => start + one))].sort();
};

/** Readline sets these variables and calls the function that `complete -F` named. */
const inBash = `
source "$1"
COMP_LINE=$2 COMP_POINT=\${#2} COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
program=\${2%% *}
function=$(complete -p "$program")
function=\${function#*-F } function=\${function%% *}
$function "$program"
printf '%s\\n' "\${COMPREPLY[@]}"
`;

const bash: Shell = ({ script, line, path }) =>
  becoming(line, /^.*[:=]/, run('bash', ['--norc', '-c', inBash, 'bash', script, line], path).split('\n'));

const fish: Shell = ({ script, line, path }) => {
  const shown = run(
    'fish',
    ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', script, line],
    path,
  );
  const candidates = shown.split('\n').map((candidate) => candidate.replace(/\t.*/, ''));
  return becoming(line, /^/, candidates);
};

/**
 * zsh completes only while a line is edited: one that stands at a terminal of its own tells what is added. Its own functions are looked
 * up in a file that the first one leaves in HOME: to look for them takes two seconds.
 */
const inZsh = `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PROMPT= RPROMPT= PS2="
zpty -w z "autoload -U compinit && compinit -C"
zpty -w z "source \${(q)1}"
zpty -w z 'compadd() { if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  typeset -a hits; builtin compadd -A hits "$@"; print -rl -- "<"\${^hits}">"; builtin compadd "$@" }'
zpty -w z 'stop() { print -r -- "<>"; exit }; compprefuncs=() comppostfuncs=(stop)'
zpty -w z "zstyle ':completion:*' insert-tab false"
zpty -w z "print -r -- '<'ready'>'"
while zpty -r z line; do [[ $line == *'<ready>'* ]] && break; done
zpty -n -w z "$2"$'\\t'
while zpty -r z line; do print -r -- "$line"; [[ $line == *'<>'* ]] && break; done
`;

const zsh: Shell = ({ script, line, path }) => {
  const seen = run('zsh', ['-f', '-c', inZsh, 'zsh', script, line], path);
  const candidates = [...seen.matchAll(/<([^<>\r\n]+)>/g)].map(([, candidate = '']) => candidate);
  return becoming(
    line,
    /^.*[=,]/,
    candidates.map((candidate) => candidate.replaceAll('\\', '')),
  );
};

export const shells: Readonly<Record<'bash' | 'zsh' | 'fish', Shell>> = { bash, zsh, fish };
