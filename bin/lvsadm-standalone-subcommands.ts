/** What bin/lvsadm-standalone.ts loads for a subcommand. */
import { main } from '../src/cli/main.js';
import { compileHotCode } from '../src/libc/jit.js';
import { run } from './bun.js';

compileHotCode();
void run(main);
