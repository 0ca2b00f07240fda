/** Files that decide what happens at boot: documents, and the links of init systems. */
import { cannot, HostError } from '../../errors.js';
import {
  codeOf,
  directoryOf,
  type Files,
  freshName,
  ifThere,
  makeDirectory,
  readIfThere,
  removeIfThere,
  replaceFile,
  replaceLink,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  syncDirectory,
} from '../../system/files/files.js';
import { ALREADY_SET, type BootFileStep, type FileState, type StepKind } from './step.js';

export const bootFile: StepKind<BootFileStep> = {
  key: ({ path }) => path,
  describe: ({ purpose, path }) => `${purpose} (${path})`,
  command: ({ path, becomes }) => {
    if (becomes === null) return `rm ${path}`;
    return 'link' in becomes ? `ln -sfn ${becomes.link} ${path}` : `cat > ${path}`;
  },

  async check({ path, becomes }, { files }) {
    return attempt('read', path, () => {
      const was = stateOf(path, files);
      if (isEqual(was, becomes)) return ALREADY_SET;
      if (was !== null && 'text' in was) throw new HostError(`replace ${path}`, 'it is a file, not a link');
      return { was, made: missingDirectory(path, files) };
    });
  },

  async apply({ path, becomes }, { files }) {
    attempt('write', path, () => become(path, becomes, files));
    return undefined;
  },

  async undo({ path, becomes, sources = [] }, { files }, previous) {
    const { was, made } = previous as { was: FileState; made: string | null };
    return attempt('write', path, () => {
      removeIfThere(freshName(path), files);
      const now = stateOf(path, files);
      if (!isEqual(now, becomes) && !isEqual(now, was)) return `${path} has been changed since, and stays`;
      const gone = sources.find((source) => ifThere(() => files.statSync(source)) === undefined);
      if (now !== null && gone !== undefined)
        return `${path} stays: ${gone}, from which it was made, is gone`;
      if (!isEqual(now, was)) become(path, was, files);
      if (made !== null) removeDirectories(path, made, files);
      return undefined;
    });
  },
};

function become(path: string, state: FileState, files: Files): void {
  if (state === null) {
    removeIfThere(path, files);
    syncDirectory(path, files);
    return;
  }
  makeDirectory(parentOf(path), files);
  if ('link' in state) replaceLink(path, state.link, files);
  else replaceFile(path, state.text, files);
}

/** @throws HostError for a directory and the like */
function stateOf(path: string, files: Files): FileState {
  const found = ifThere(() => files.lstatSync(path));
  if (found === undefined) return null;
  const type = found.mode & S_IFMT;
  if (type === S_IFLNK) return { link: files.readlinkSync(path) };
  if (type !== S_IFREG) throw new HostError(`read ${path}`, 'it is neither a file nor a link');
  return { text: readIfThere(path, files) ?? '' };
}

const isEqual = (a: FileState, b: FileState): boolean => JSON.stringify(a) === JSON.stringify(b);

const parentOf = (path: string): string => directoryOf(path).replace(/(.)\/$/, '$1');

/** The first directory on the way to a file that has to be made; null if all are there. */
function missingDirectory(path: string, files: Files): string | null {
  const parent = parentOf(path);
  if (ifThere(() => files.statSync(parent)) !== undefined) return null;
  return missingDirectory(parent, files) ?? parent;
}

/** Removes the directories of a file, up to `made`. One with other files in it stays. */
function removeDirectories(path: string, made: string, files: Files): void {
  try {
    for (let at = parentOf(path); at.startsWith(made); at = parentOf(at)) ifThere(() => files.rmdirSync(at));
  } catch (error) {
    if (codeOf(error) !== 'ENOTEMPTY') throw error;
  }
}

function attempt<T>(verb: 'read' | 'write', path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw error instanceof HostError ? error : cannot(`${verb} ${path}`, error);
  }
}
