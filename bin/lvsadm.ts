#!/usr/bin/env node
/**
 * lvsadm on Node.js: what runs before the program itself, so that its code need not be compiled anew each time. ipvsadm's
 * grammar and the subcommands are a script each.
 */
import { speaksIpvsadm } from '../src/cli/called.js';
import { directoryForCode, enableCompileCache } from './compile-cache.js';
import { runKept } from './kept-script.js';

/** Digest of both scripts: the bundler puts it in. */
declare const LVSADM_SCRIPTS: string | undefined;

const [, program = 'lvsadm', ...words] = process.argv;
const isDropIn = speaksIpvsadm(program, words);
/** The command, of which there are few: `A` for `-A`, `L` for `-Ln`, `apply`; nothing for words that can be none. */
const [, letter, name] = /^(?:-([A-Za-z])|([a-z][a-z-]*)$)/.exec(words[0] ?? '') ?? [];
const directory = directoryForCode();
if (directory === undefined || enableCompileCache(directory) || typeof LVSADM_SCRIPTS !== 'string') {
  if (isDropIn) void import('./lvsadm-program.js');
  else void import('./lvsadm-subcommands.js');
} else {
  const script = isDropIn ? 'lvsadm-program.js' : 'lvsadm-subcommands.js';
  runKept(
    {
      path: `${__dirname}/${script}`,
      digest: LVSADM_SCRIPTS,
      use: (isDropIn ? letter : name) ?? '',
      require,
    },
    directory,
  );
}
