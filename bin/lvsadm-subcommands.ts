/** The subcommands on Node.js: a script of their own, with all that they load. */
import { guard } from '../src/cli/catch.js';
import { runModern } from '../src/cli/subcommands.js';
import { run } from './node.js';

void run(guard(runModern));
