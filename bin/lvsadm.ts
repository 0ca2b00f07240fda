#!/usr/bin/env node
/** lvsadm on Node.js: what runs before the program itself, so that its code need not be compiled anew each time. */
import { directoryForCode, enableCompileCache } from './compile-cache.js';
import { runKept } from './kept-script.js';

/** Digest of the program's script: the bundler puts it in. */
declare const LVSADM_PROGRAM: string | undefined;

/** The command, of which there are few: `A` for `-A`, `L` for `-Ln`; nothing for words that are no letter. */
const command = /^-([A-Za-z])/.exec(process.argv[2] ?? '')?.[1] ?? '';
const directory = directoryForCode();
if (directory === undefined || enableCompileCache(directory) || typeof LVSADM_PROGRAM !== 'string') {
  void import('./lvsadm-program.js');
} else {
  runKept(
    { path: `${__dirname}/lvsadm-program.js`, digest: LVSADM_PROGRAM, use: command, require },
    directory,
  );
}
