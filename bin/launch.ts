#!/usr/bin/env node
/**
 * dist/lvsadm.js: turns Node's compile cache on, and then starts the script of the grammar that the command line is in.
 * scripts/build/node.ts makes both scripts from bin/lvsadm.ts, so that a run reads only its own.
 */
import { speaksIpvsadm } from '../src/cli/argv0.js';
import { enableCompileCache } from '../src/cli/process/compile-cache.js';

const [, program = 'lvsadm', ...argv] = process.argv;
const script = speaksIpvsadm(program, argv) ? './ipvsadm.js' : './subcommands.js';

enableCompileCache();
void import(script);
