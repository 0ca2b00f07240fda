/** What bin/lvsadm-standalone.ts loads for a subcommand. */
import { main } from '../src/cli/main.js';
import { run } from './bun.js';

void run(main);
