/** What bin/lvsadm-standalone.ts loads for a subcommand. */
import { guard } from '../src/cli/catch.js';
import { runModern } from '../src/cli/subcommands.js';
import { run } from './bun.js';

void run(guard(runModern));
