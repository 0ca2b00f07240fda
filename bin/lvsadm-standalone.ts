/** lvsadm as one executable, with Bun's runtime inside. */
import { nameOf } from '../src/cli/drop-in.js';
import { main } from '../src/cli/main.js';
import { runProcess } from '../src/cli/process-context.js';
import { openBunSocket } from '../src/netlink/socket-bun.js';

// A shell that finds the program by PATH tells it no path.
const { argv0, execPath } = process;
const program = argv0.includes('/') || nameOf(argv0) !== 'lvsadm' ? argv0 : execPath;

await runProcess(main, program, process.argv.slice(2), openBunSocket);
