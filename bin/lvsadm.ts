/** lvsadm on Node.js: the files are Node's, the sockets those of the `netlink` package. */
import { runProcess } from '../src/cli/process/context.js';

const [, program = 'lvsadm', ...argv] = process.argv;

void runProcess({
  program,
  argv,
  files: process.getBuiltinModule('node:fs'),
  openSocket: async (protocol) => (await import('../src/netlink/transport/node.js')).openNodeSocket(protocol),
});
