#!/usr/bin/env node
/** lvsadm on Node.js. */
import { main } from '../src/cli/main.js';
import { processContext } from '../src/cli/process-context.js';

const context = processContext(process.argv[1] ?? 'lvsadm', async (protocol) =>
  (await import('../src/netlink/socket-node.js')).openNodeSocket(protocol),
);
process.exitCode = await main(process.argv.slice(2), context);
await context.close();
