/**
 * Node's own compile cache (Node 22 and later), below a directory that only root can write to: without it, compiling is most
 * of what a short run adds to an empty script.
 */

/** Writable by root alone: who can write there can run code as root. */
const DIRECTORY = '/var/cache/lvsadm';

/** Has Node keep the compiled code of all scripts of this run; does nothing where that would not be safe, or not for root. */
export function enableCompileCache(): void {
  // Node 20 has none, and would load its loader of ES modules only to say so.
  if (Number.parseInt(process.versions.node, 10) < 22 || process.getuid?.() !== 0) return;
  if (!isSafe(DIRECTORY, 0)) return;
  const { enableCompileCache } = process.getBuiltinModule('node:module') as Partial<CompileCache>;
  enableCompileCache?.(DIRECTORY);
}

/** A function of node:module that the types of Node 20 do not have. */
interface CompileCache {
  enableCompileCache(directory: string): unknown;
}

/** Whether a directory, made if it can be, is one that nobody but `owner` can write to. */
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
