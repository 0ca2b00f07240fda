/** What bin/lvsadm.ts loads for a subcommand. */
import { main } from '../src/cli/main.js';
import { run } from './node.js';

void run(main);
