/** The face that stands in for ipvsadm, under its own name and under those of ipvsadm's three programs. */
import { replaceTable, runIpvsadm } from '../ipvsadm/run.js';
import { type IpvsadmProgram, nameOf } from './argv0.js';
import type { Face } from './grammar.js';

/** Names that stand for one of ipvsadm's programs. Its restore script takes no arguments, and minds none. */
const programs: Readonly<Record<IpvsadmProgram | 'lvsadm', Face>> = {
  lvsadm: runIpvsadm,
  ipvsadm: runIpvsadm,
  'ipvsadm-save': (argv, context) => runIpvsadm(['-S', ...argv], context),
  'ipvsadm-restore': (_, context) => replaceTable(context),
};

export const dropIn: Face = (argv, context) => programs[nameOf(context.program)](argv, context);
