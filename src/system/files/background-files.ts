/**
 * Reading and replacing files for a process that has more to do than to wait for the disk: as in files.ts, in other threads. A disk
 * that hangs, such as a file system whose journal is full, would stop everything else otherwise.
 */
import { codeOf, directoryOf, type Files, freshName, makeDirectory, type Replacement } from './files.js';

/** Not imported: the standalone executable loads this module of its runtime for the agent alone. */
const calls = () => process.getBuiltinModule('node:fs/promises');

/** A file's text; undefined if it does not exist. Symbolic links are not followed. @throws errors of node:fs */
export async function readInBackground(path: string): Promise<string | undefined> {
  const { constants, open } = calls();
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    return await file.readFile('utf8').finally(() => file.close());
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether the disk has the file, once it answers. */
export async function isThereInBackground(path: string): Promise<boolean> {
  return calls()
    .lstat(path)
    .then(
      () => true,
      () => false,
    );
}

/**
 * Replaces the whole file: a reader gets the old text or the new one, also after a crash at any moment. The directory is
 * made if it is not there. Only one process does so, one file after the other.
 * @throws errors of node:fs; the file is as it was then
 */
export async function replaceInBackground(
  path: string,
  text: string,
  files: Files,
  { mode = 0o644 }: Pick<Replacement, 'mode'> = {},
): Promise<void> {
  const { constants, open, rename, unlink } = calls();
  const fresh = freshName(path);
  const directory = directoryOf(path);
  const begin = async () => {
    await unlink(fresh).catch(unlessMissing);
    return open(
      fresh,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      mode,
    );
  };
  const file = await begin().catch((error) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    makeDirectory(directory.replace(/(.)\/$/, '$1'), files);
    return begin();
  });
  try {
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await unlink(fresh).catch(() => {});
    throw error;
  }
  // A name is on the disk only when its directory is.
  const parent = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  await parent.sync().finally(() => parent.close());
}

function unlessMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}
