/** The process on Node.js: its words, its files, and sockets of the `netlink` package. */
import type { Face } from '../src/cli/grammar.js';
import { runProcess } from '../src/cli/process-context.js';

export const [, program = 'lvsadm', ...argv] = process.argv;

export const run = (face: Face): Promise<void> =>
  runProcess(face, {
    program,
    argv,
    files: process.getBuiltinModule('node:fs'),
    openSocket: async (protocol) =>
      (await import('../src/netlink/transport/node.js')).openNodeSocket(protocol),
  });
