/** The subcommands on Node.js: a script of their own, with all that they load. */
import { guard } from '../src/cli/guard.js';
import { runModern } from '../src/cli/modern.js';
import { run } from './node.js';

void run(guard(runModern));
