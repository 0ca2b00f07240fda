/** Node's compile cache (from 22.1 on): without it, compiling is most of what a short run adds to an empty script. */

/** Whoever may write there may run code as root, so it is root's alone. */
const DIRECTORY = '/var/cache/lvsadm';

/** Only for root: without, there is little that lvsadm may do. */
export function keepCompiledCode(directory = DIRECTORY, owner = 0): void {
  const { enableCompileCache } = process.getBuiltinModule('node:module') as Partial<CompileCache>;
  if (enableCompileCache === undefined || process.getuid?.() !== owner) return;
  if (isSafe(directory, owner)) enableCompileCache(directory);
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
