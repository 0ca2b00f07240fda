#!/usr/bin/env node
/** lvsadm on Node.js: ipvsadm's grammar and the subcommands are a script each, so that a run loads only its own. */
import { speaksIpvsadm } from '../src/cli/argv0.js';
import { enableCompileCache } from './compile-cache.js';

const [, program = 'lvsadm', ...words] = process.argv;
enableCompileCache();
if (speaksIpvsadm(program, words)) void import('./lvsadm-program.js');
else void import('./lvsadm-subcommands.js');
