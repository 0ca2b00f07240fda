#!/usr/bin/env node
/** lvsadm on Node.js: what runs before the program itself, so that its code need not be compiled anew each time. */
import { directoryForCode, enableCompileCache } from './compile-cache.js';
import { runKept } from './kept-script.js';

/** Digest of the program's script: the bundler puts it in. */
declare const LVSADM_PROGRAM: string | undefined;

const directory = directoryForCode();
if (directory === undefined || enableCompileCache(directory) || typeof LVSADM_PROGRAM !== 'string') {
  void import('./lvsadm-program.js');
} else {
  runKept({ path: `${__dirname}/lvsadm-program.js`, digest: LVSADM_PROGRAM, require }, directory);
}
