/** lvsadm as one executable, with Bun's runtime inside: files and sockets are those of the C library. */
import { nameOf } from '../src/cli/argv0.js';
import { runProcess } from '../src/cli/process/context.js';
import * as files from '../src/libc/files.js';
import { libc } from '../src/libc/libc.js';
import { execInNetns } from '../src/libc/netns.js';
import { openOptionSocket } from '../src/libc/option-socket.js';
import { openBunSocket } from '../src/netlink/transport/bun.js';

// If a shell found the program by PATH, argv0 has no path.
const { argv0, execPath } = process;
const program = argv0.includes('/') || nameOf(argv0) !== 'lvsadm' ? argv0 : execPath;

/** Without system calls not even an error could be written: the runtime's own stream writes it, and the process ends. */
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
  'The executable makes code while it runs, which the system may deny it (MemoryDenyWriteExecute= of systemd, execmem of SELinux, ulimit -v):\n' +
  'allow it there, or run the npm package with node --jitless\n';

void withLibc().then(() =>
  runProcess({
    program,
    command: [execPath],
    execInNetns,
    argv: process.argv.slice(2),
    files,
    openSocket: openBunSocket,
    openOptions: openOptionSocket,
  }),
);
