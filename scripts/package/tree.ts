/** Packages as trees of files, which the tools of each format read. */
import { chmodSync, lutimesSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ancestors, type Entry } from './contents.js';

/** Writes files below a directory, with modes that no umask changes. @param time of each, in seconds since 1970 */
export function writeTree(directory: string, entries: readonly Entry[], time: number): void {
  const parents = [...new Set(entries.flatMap(({ path }) => ancestors(path)))].map((path) =>
    join(directory, path),
  );
  for (const path of [directory, ...parents]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
  }
  for (const { path, mode, content } of entries) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    if ('target' in content) symlinkSync(content.target, file);
    else {
      writeFileSync(file, content);
      chmodSync(file, mode);
    }
    lutimesSync(file, time, time);
  }
  for (const path of parents) utimesSync(path, time, time);
}
