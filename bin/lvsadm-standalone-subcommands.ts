/** What bin/lvsadm-standalone.ts loads for a subcommand. */
import { guard } from '../src/cli/guard.js';
import { runModern } from '../src/cli/modern.js';
import { compileHotCode } from '../src/libc/jit.js';
import { run } from './bun.js';

compileHotCode();
void run(guard(runModern));
