/** The name that the program is called by, and the grammar that follows from it and the first word. */
import { calledName } from '../context.js';

/** ipvsadm's three programs, which lvsadm replaces under their names. */
export type IpvsadmProgram = 'ipvsadm' | 'ipvsadm-save' | 'ipvsadm-restore';

const ipvsadmPrograms: readonly string[] = [
  'ipvsadm',
  'ipvsadm-save',
  'ipvsadm-restore',
] satisfies IpvsadmProgram[];

/** The program's name in messages: the name that it was called by if that is one of ipvsadm's. */
export function nameOf(program: string): IpvsadmProgram | 'lvsadm' {
  const called = calledName(program);
  return ipvsadmPrograms.includes(called) ? (called as IpvsadmProgram) : 'lvsadm';
}

/** Whether a command line is in ipvsadm's grammar: its first word is an option, that of a subcommand is a name. */
export const speaksIpvsadm = (program: string, [first]: readonly string[]): boolean =>
  nameOf(program) !== 'lvsadm' || first === undefined || first.startsWith('-');
