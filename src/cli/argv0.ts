/** What the program was called by, and which grammar that and the first word stand for. */
import { calledName } from '../context.js';

/** ipvsadm's three programs, which the program stands in for under their names. */
export type IpvsadmProgram = 'ipvsadm' | 'ipvsadm-save' | 'ipvsadm-restore';

const ipvsadmPrograms: readonly string[] = [
  'ipvsadm',
  'ipvsadm-save',
  'ipvsadm-restore',
] satisfies IpvsadmProgram[];

/** The name that the program goes by in its messages: the one it was called by if that is one of ipvsadm's. */
export function nameOf(program: string): IpvsadmProgram | 'lvsadm' {
  const called = calledName(program);
  return ipvsadmPrograms.includes(called) ? (called as IpvsadmProgram) : 'lvsadm';
}

/** Whether a command line is of ipvsadm's grammar, which has no words in front: those are ours. */
export const speaksIpvsadm = (program: string, [first]: readonly string[]): boolean =>
  nameOf(program) !== 'lvsadm' || first === undefined || first.startsWith('-');
