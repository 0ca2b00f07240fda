/** The files of a machine whose root is a directory here: of an image, or of a container that does not run. */
import type { Files } from './files.js';

/**
 * Calls whose paths begin at a directory. Links that programs read are followed below the directory of their own, if they are
 * relative.
 * @param root without a slash at its end; empty for this machine
 */
export function rootedFiles(files: Files, root: string): Files {
  const at = (path: string): string => root + path;
  return {
    ...files,
    constants: files.constants,
    openSync: (path, ...how) => files.openSync(at(path), ...how),
    readFileSync: (from, encoding) =>
      files.readFileSync(typeof from === 'string' ? at(from) : from, encoding),
    renameSync: (from, to) => files.renameSync(at(from), at(to)),
    unlinkSync: (path) => files.unlinkSync(at(path)),
    rmdirSync: (path) => files.rmdirSync(at(path)),
    symlinkSync: (target, path) => files.symlinkSync(target, at(path)),
    mkdirSync: (path, how) => files.mkdirSync(at(path), how),
    lstatSync: (path) => files.lstatSync(at(path)),
    statSync: (path) => files.statSync(at(path)),
    readlinkSync: (path) => files.readlinkSync(at(path)),
    readdirSync: (path) => files.readdirSync(at(path)),
  };
}
