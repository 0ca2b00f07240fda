/** The process in the standalone executable: its words, and system calls for files and sockets. */
import { nameOf } from '../src/cli/called.js';
import type { Face } from '../src/cli/face.js';
import { runProcess } from '../src/cli/process-context.js';
import * as files from '../src/libc/files.js';
import { openOptionSocket } from '../src/libc/option-socket.js';
import { openBunSocket } from '../src/netlink/socket-bun.js';

// A shell that finds the program by PATH tells it no path.
const { argv0, execPath } = process;
export const program = argv0.includes('/') || nameOf(argv0) !== 'lvsadm' ? argv0 : execPath;

export const argv: readonly string[] = process.argv.slice(2);

export const run = (face: Face): Promise<void> =>
  runProcess(face, { program, argv, files, openSocket: openBunSocket, openOptions: openOptionSocket });
