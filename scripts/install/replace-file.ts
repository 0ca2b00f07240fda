/** Files written beside their path and renamed, so that no program ever reads half of one. */
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { cannot, HostError } from '../../src/errors.js';
import { underPrivateName } from '../../src/system/files/symlinks.js';

/** Whether the file has this content and this mode already. @throws HostError if a directory has its path */
export async function isCurrent(path: string, content: Uint8Array, mode: number): Promise<boolean> {
  const stat = await lstat(path).catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw cannot(`install ${path}`, error);
  });
  if (stat?.isDirectory()) throw new HostError(`install ${path}`, 'a directory stands there');
  if (!stat?.isFile() || stat.size !== content.length || (stat.mode & 0o7777) !== mode) return false;
  const file = await open(path);
  try {
    return (await file.readFile()).equals(content);
  } finally {
    await file.close();
  }
}

/** @throws HostError, with nothing left behind */
export async function replaceFile(path: string, content: Uint8Array, mode: number): Promise<void> {
  let fresh: string | undefined;
  try {
    await makeDirectory(dirname(path));
    fresh = await underPrivateName(path, async (name) => (await open(name, 'wx', mode)).close());
    const file = await open(fresh, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    // Whatever the umask.
    await chmod(fresh, mode);
    await rename(fresh, path);
  } catch (error) {
    if (fresh !== undefined) await rm(fresh, { force: true }).catch(() => {});
    throw error instanceof HostError ? error : cannot(`install ${path}`, error);
  }
}

/** Makes missing directories, readable for all, independent of the umask. @throws HostError */
export async function makeDirectory(path: string): Promise<void> {
  if (existsSync(path)) return;
  // One by one: below /proc, Node's `recursive` never ends.
  await makeDirectory(dirname(path));
  try {
    await mkdir(path);
    await chmod(path, 0o755);
  } catch (error) {
    throw cannot(`make the directory ${path}`, error);
  }
}

/** @returns whether there was one. @throws HostError */
export async function removeFile(path: string): Promise<boolean> {
  if ((await lstat(path).catch(() => undefined)) === undefined) return false;
  await rm(path).catch((error) => {
    throw cannot(`remove ${path}`, error);
  });
  return true;
}
