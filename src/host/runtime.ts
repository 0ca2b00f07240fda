/** Where lvsadm keeps what must not outlive the kernel's table: one place for each network namespace. */
import { mkdirSync, readFileSync, readlinkSync } from 'node:fs';
import { open, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const DIRECTORY = '/run/lvsadm';

/**
 * Path of a file of this network namespace, in a directory that exists. LVSADM_RUN names another directory than
 * /run/lvsadm.
 */
export async function runtimePath(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const directory = env['LVSADM_RUN'] || DIRECTORY;
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  // net:[4026531840]
  const [, inode = 'net'] = /(\d+)/.exec(readlinkSync('/proc/self/ns/net')) ?? [];
  return join(directory, `${inode}.${name}`);
}

/** A file's text; undefined where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Replaces a file as a whole: whoever reads it gets the old text or the new, also after a crash at any
 * moment.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, text, { flush: true });
  await rename(fresh, path);
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
