/** lvsadm as one executable, with Bun's runtime inside: files and sockets are those of the C library. */
import { nameOf, speaksIpvsadm } from '../src/cli/argv0.js';
import { guard } from '../src/cli/catch.js';
import type { Face } from '../src/cli/grammar.js';
import { runProcess } from '../src/cli/process-context.js';
import * as files from '../src/libc/files.js';
import { libc } from '../src/libc/libc.js';
import { openOptionSocket } from '../src/libc/option-socket.js';
import { openBunSocket } from '../src/netlink/transport/bun.js';

// A shell that finds the program by PATH tells it no path.
const { argv0, execPath } = process;
const program = argv0.includes('/') || nameOf(argv0) !== 'lvsadm' ? argv0 : execPath;
const argv = process.argv.slice(2);

async function run(face: Face): Promise<void> {
  await withLibc();
  await runProcess(guard(face), {
    program,
    argv,
    files,
    openSocket: openBunSocket,
    openOptions: openOptionSocket,
  });
}

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
  'The executable makes code while it runs, which the system may deny it (MemoryDenyWriteExecute= of systemd, execmem of SELinux):\n' +
  'allow it there, or run the npm package with node --jitless\n';

if (speaksIpvsadm(program, argv)) void import('../src/cli/ipvsadm.js').then(({ dropIn }) => run(dropIn));
else void import('../src/cli/subcommands.js').then(({ runSubcommand }) => run(runSubcommand));
