/**
 * Where compiled code is kept from one run to the next, and Node's own compile cache (from 22 on): without, compiling is
 * most of what a short run adds to an empty script.
 */

/** Whoever may write there may run code as root, so it is root's alone. */
const DIRECTORY = '/var/cache/lvsadm';

/** Undefined where it would not be safe, and for others than root: without, there is little that lvsadm may do. */
export const directoryForCode = (directory = DIRECTORY, owner = 0): string | undefined =>
  process.getuid?.() === owner && isSafe(directory, owner) ? directory : undefined;

/** Has Node keep the code of all modules. False where it cannot. */
export function enableCompileCache(directory: string): boolean {
  // Node 20 would load its loader of ES modules only to say that it has none.
  if (Number.parseInt(process.versions.node, 10) < 22) return false;
  const { enableCompileCache } = process.getBuiltinModule('node:module') as Partial<CompileCache>;
  enableCompileCache?.(directory);
  return enableCompileCache !== undefined;
}

/** Of node:module, as newer versions have it. */
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
