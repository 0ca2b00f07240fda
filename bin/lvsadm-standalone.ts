/** lvsadm as one executable, with Bun's runtime inside. */
import { main } from '../src/cli/main.js';
import { processContext } from '../src/cli/process-context.js';
import { openBunSocket } from '../src/netlink/socket-bun.js';

const context = processContext(process.argv0, openBunSocket);
process.exitCode = await main(process.argv.slice(2), context);
await context.close();
