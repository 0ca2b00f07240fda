/** lvsadm as one executable, with Bun's runtime inside. As on Node.js, ipvsadm's grammar is one file of its own. */
import { speaksIpvsadm } from '../src/cli/argv0.js';
import { guard } from '../src/cli/catch.js';
import { dropIn } from '../src/cli/ipvsadm.js';
import { argv, program, run } from './bun.js';

if (speaksIpvsadm(program, argv)) void run(guard(dropIn));
else void import('./lvsadm-standalone-subcommands.js');
