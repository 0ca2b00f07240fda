/** The process in the standalone executable: its words, and system calls for files and sockets. */
import { nameOf } from '../src/cli/argv0.js';
import type { Face } from '../src/cli/grammar.js';
import { runProcess } from '../src/cli/process-context.js';
import * as files from '../src/libc/files.js';
import { libc } from '../src/libc/libc.js';
import { openOptionSocket } from '../src/libc/option-socket.js';
import { openBunSocket } from '../src/netlink/transport/bun.js';

// A shell that finds the program by PATH tells it no path.
const { argv0, execPath } = process;
export const program = argv0.includes('/') || nameOf(argv0) !== 'lvsadm' ? argv0 : execPath;

export const argv: readonly string[] = process.argv.slice(2);

export async function run(face: Face): Promise<void> {
  await withLibc();
  await runProcess(face, { program, argv, files, openSocket: openBunSocket, openOptions: openOptionSocket });
}

/** Where there are no system calls, not even to write, the runtime's own stream says so, and the process ends. */
async function withLibc(): Promise<void> {
  try {
    libc();
  } catch (error) {
    const { render } = await import('../src/cli/render.js');
    const { text, status } = render(error, nameOf(program));
    process.stderr.write(text + HINT);
    process.exit(status);
  }
}

const HINT =
  'The executable makes code while it runs, which the system may deny it (MemoryDenyWriteExecute= of systemd, execmem of SELinux):\n' +
  'allow it there, or run the npm package with node --jitless\n';
