/** The name that the program is called by, and the grammar that follows from it and the first word. */
import { calledName, ipvsadmPrograms } from '../context.js';

/** The program's name in messages: the name that it was called by if that is one of ipvsadm's. */
export function nameOf(program: string): (typeof ipvsadmPrograms)[number] | 'lvsadm' {
  const called = calledName(program);
  return ipvsadmPrograms.find((name) => name === called) ?? 'lvsadm';
}

/** The option that may come before the command in either grammar; cli/netns.ts reads it. */
export const netnsOption = '--netns';

/**
 * Whether a command line is in ipvsadm's grammar: its first word is an option, that of a subcommand is a name. The help of lvsadm is
 * about both grammars, and comes with the subcommands.
 */
export function speaksIpvsadm(program: string, argv: readonly string[]): boolean {
  const [first] = withoutNetns(argv);
  return (
    nameOf(program) !== 'lvsadm' ||
    first === undefined ||
    (first.startsWith('-') && first !== '-h' && first !== '--help')
  );
}

function withoutNetns(argv: readonly string[]): readonly string[] {
  const [first] = argv;
  if (first === netnsOption) return argv.slice(2);
  return first?.startsWith(`${netnsOption}=`) ? argv.slice(1) : argv;
}
