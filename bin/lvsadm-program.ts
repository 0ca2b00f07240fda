/**
 * The program on Node.js. ipvsadm's grammar starts at once, from one file; the subcommands, and all that they load, are a
 * bundle of their own.
 */
import { dropIn, speaksIpvsadm } from '../src/cli/drop-in.js';
import { guard } from '../src/cli/guard.js';
import { argv, program, run } from './node.js';

if (speaksIpvsadm(program, argv)) void run(guard(dropIn));
else void import('./lvsadm-subcommands.js');
