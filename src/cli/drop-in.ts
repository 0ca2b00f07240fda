/** The face that stands in for ipvsadm, under its own name and under those of ipvsadm's three programs. */
import { calledName } from '../ipvsadm/program.js';
import { replaceTable, runIpvsadm } from '../ipvsadm/run.js';
import type { Face } from './face.js';

/** Names that stand for one of ipvsadm's programs. Its restore script takes no arguments, and minds none. */
const programs: Readonly<Record<string, Face>> = {
  ipvsadm: runIpvsadm,
  'ipvsadm-save': (argv, context) => runIpvsadm(['-S', ...argv], context),
  'ipvsadm-restore': (_, context) => replaceTable(context),
};

/** The name that the program goes by in its messages: the one it was called by if that is one of ipvsadm's. */
export function nameOf(program: string): string {
  const called = calledName(program);
  return Object.hasOwn(programs, called) ? called : 'lvsadm';
}

/** Whether a command line is of ipvsadm's grammar, which has no words in front: those are ours. */
export const speaksIpvsadm = (program: string, [first]: readonly string[]): boolean =>
  nameOf(program) !== 'lvsadm' || first === undefined || first.startsWith('-');

export const dropIn: Face = (argv, context) =>
  (programs[nameOf(context.program)] ?? runIpvsadm)(argv, context);
