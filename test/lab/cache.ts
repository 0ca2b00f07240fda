// A cache that several processes may fill at the same time.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheDirectory } from './paths.js';

/**
 * The path of a cached file or directory; `build` fills it first if it is not there. It is built aside and renamed, so
 * that it is there wholly or not at all, and under a lock, so that two processes do not do the work twice.
 */
export async function cached(name: string, build: (path: string) => Promise<void>): Promise<string> {
  const path = join(cacheDirectory, name);
  if (existsSync(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  const unlock = await lock(`${path}.lock`);
  try {
    if (existsSync(path)) return path;
    const aside = await mkdtemp(`${path}.new-`);
    try {
      await build(join(aside, 'it'));
      await rename(join(aside, 'it'), path);
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
    return path;
  } finally {
    await unlock();
  }
}

/** Waits for and takes a lock file that names its holder; a holder that is gone holds nothing. */
async function lock(path: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (holder && !isAlive(holder)) await rm(path, { force: true });
    await sleep(200);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
