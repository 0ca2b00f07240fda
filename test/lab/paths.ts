// Where things are: the checkout, the lab's own scripts, the cache.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. This file runs as build/test/lab/paths.js. */
export const checkout = resolve(fileURLToPath(import.meta.url), '../../../..');

/** The guest's shell scripts: not compiled, hence not under build/. */
export const bootScripts = join(checkout, 'test/lab/boot');

/**
 * Kernels and initramfs, shared by every checkout of this user: a kernel is some hundred megabytes, and nothing in it
 * depends on the checkout.
 */
export const cacheDirectory =
  process.env['LAB_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'lvsadm-lab');
