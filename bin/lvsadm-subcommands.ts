/** What bin/lvsadm.ts loads for a subcommand. */
import { guard } from '../src/cli/guard.js';
import { runModern } from '../src/cli/modern.js';
import { run } from './node.js';

void run(guard(runModern));
