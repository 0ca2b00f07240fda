/**
 * A program and its shared libraries in memory: the guest's own files come over 9p, and mapping them from there takes as
 * long as everything else that a short process does.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Where files are pages and nothing else. */
export const memory = '/dev/shm';

/** Copies them into a directory. @returns the copy's path, which runs with LD_LIBRARY_PATH set to the directory */
export function copyProgram(path: string, directory: string): string {
  const libraries = execFileSync('ldd', [path], { encoding: 'utf8' }).matchAll(/=> (\/\S+)/g);
  for (const [, library = ''] of libraries) copyFileSync(library, join(directory, basename(library)));
  const copy = join(directory, basename(path));
  copyFileSync(path, copy);
  return copy;
}
