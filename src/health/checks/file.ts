/** A file is there, or not; a number in its first line is a weight. */
import { cannot } from '../../errors.js';
import { withWeight } from './answer.js';
import { CheckFailure, type RunKind } from './check.js';

/** Bytes of the file that are read. */
const LIMIT = 4096;

export const run: RunKind<'file'> = async (_target, { path, present }) => {
  const text = await beginning(path);
  const state = text === undefined ? 'is not there' : 'is there';
  if ((text !== undefined) !== (present === 'up')) throw new CheckFailure(`${path} ${state}`);
  return withWeight(`${path} ${state}`, text ?? '');
};

/** Undefined if there is no such file; empty for a directory. Opened so that a FIFO without a writer does not block. @throws HostError */
async function beginning(path: string): Promise<string | undefined> {
  const { constants, promises } = process.getBuiltinModule('node:fs');
  try {
    const file = await promises.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(LIMIT), 0, LIMIT);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'EISDIR') return '';
    throw cannot(`read ${path}`, error);
  }
}
