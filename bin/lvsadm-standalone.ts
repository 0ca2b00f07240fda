/** lvsadm as one executable, with Bun's runtime inside. */
import { main } from '../src/cli/main.js';
import { runProcess } from '../src/cli/process-context.js';
import { openBunSocket } from '../src/netlink/socket-bun.js';

await runProcess(main, process.argv0, process.argv.slice(2), openBunSocket);
