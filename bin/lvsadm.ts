/** lvsadm on Node.js: the files are Node's, the sockets those of the `netlink` package. */
import { speaksIpvsadm } from '../src/cli/argv0.js';
import { guard } from '../src/cli/catch.js';
import type { Face } from '../src/cli/grammar.js';
import { runProcess } from '../src/cli/process-context.js';

const [, program = 'lvsadm', ...argv] = process.argv;

const run = (face: Face): Promise<void> =>
  runProcess(guard(face), {
    program,
    argv,
    files: process.getBuiltinModule('node:fs'),
    openSocket: async (protocol) =>
      (await import('../src/netlink/transport/node.js')).openNodeSocket(protocol),
  });

if (speaksIpvsadm(program, argv)) void import('../src/cli/ipvsadm.js').then(({ dropIn }) => run(dropIn));
else void import('../src/cli/subcommands.js').then(({ runSubcommand }) => run(runSubcommand));
