/**
 * Node's own compile cache (Node 22 and later), below a directory that only root can write to: without it, compiling is most
 * of what a short run adds to an empty script.
 */

/** Writable by root alone: its files run as root's code. */
const DIRECTORY = '/var/cache/lvsadm';

/** Makes Node keep the compiled code of all scripts of this run, if root runs it and only root can write to the directory. */
export function enableCompileCache(): void {
  // Node 20 has no compile cache; asking it for the function would load its ES module loader.
  if (Number.parseInt(process.versions.node, 10) < 22 || process.getuid?.() !== 0) return;
  if (!isSafe(DIRECTORY, 0)) return;
  const { enableCompileCache } = process.getBuiltinModule('node:module') as Partial<CompileCache>;
  enableCompileCache?.(DIRECTORY);
}

/** A function of node:module that the types of Node 20 do not have. */
interface CompileCache {
  enableCompileCache(directory: string): unknown;
}

/** Whether only `owner` can write to a directory, which is made if it does not exist. */
export function isSafe(directory: string, owner: number): boolean {
  const { existsSync, lstatSync, mkdirSync } = process.getBuiltinModule('node:fs');
  try {
    if (!existsSync(directory)) mkdirSync(directory, 0o700);
    const found = lstatSync(directory);
    return found.isDirectory() && found.uid === owner && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}
