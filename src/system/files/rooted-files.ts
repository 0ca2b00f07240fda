/** The files of a machine whose root is a directory here: of an image, or of a container that does not run. */
import { type Files, ifThere, S_IFLNK, S_IFMT } from './files.js';

/**
 * Calls whose paths begin at a directory, and whose links do not lead out of it.
 * @param root without a slash at its end; empty for this machine
 */
export function rootedFiles(files: Files, root: string): Files {
  if (root === '') return files;
  const at = (path: string): string => pathInRoot(path, root, files);
  const linkAt = (path: string): string => pathInRoot(path, root, files, { followLast: false });
  return {
    ...files,
    constants: files.constants,
    openSync: (path, flags, mode) => {
      const isOfLink = (flags & files.constants.O_NOFOLLOW) !== 0;
      return files.openSync(isOfLink ? linkAt(path) : at(path), flags, mode);
    },
    readFileSync: (from, encoding) =>
      files.readFileSync(typeof from === 'string' ? at(from) : from, encoding),
    renameSync: (from, to) => files.renameSync(linkAt(from), linkAt(to)),
    unlinkSync: (path) => files.unlinkSync(linkAt(path)),
    rmdirSync: (path) => files.rmdirSync(linkAt(path)),
    symlinkSync: (target, path) => files.symlinkSync(target, linkAt(path)),
    mkdirSync: (path, how) => files.mkdirSync(linkAt(path), how),
    lstatSync: (path) => files.lstatSync(linkAt(path)),
    statSync: (path) => files.statSync(at(path)),
    readlinkSync: (path) => files.readlinkSync(linkAt(path)),
    readdirSync: (path) => files.readdirSync(at(path)),
  };
}

/** As many links in a path as Linux follows (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Where a file of the other machine is on this one. Links are followed as that machine would follow them: absolute ones begin at the root,
 * and `..` of the root is the root, as with RESOLVE_IN_ROOT of openat2(2). Names that do not exist stay as they are.
 * @param root empty for this machine
 * @throws Error with the code ELOOP
 */
export function pathInRoot(
  path: string,
  root: string,
  files: Pick<Files, 'lstatSync' | 'readlinkSync'>,
  { followLast = true } = {},
): string {
  if (root === '') return path;
  const waiting = path.split('/');
  let links = 0;
  let found: string[] = [];
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      found.pop();
      continue;
    }
    const here = [root, ...found, name].join('/');
    const isLast = !waiting.some((rest) => rest !== '');
    const target = isLast && !followLast ? undefined : targetOf(here, files);
    if (target === undefined) {
      found.push(name);
      continue;
    }
    links += 1;
    if (links > MOST_LINKS)
      throw Object.assign(new Error(`ELOOP: too many links, '${path}'`), { code: 'ELOOP' });
    if (target.startsWith('/')) found = [];
    waiting.unshift(...target.split('/'));
  }
  return [root, ...found].join('/');
}

/** Of a link; undefined for other files, and where there is none. */
function targetOf(path: string, files: Pick<Files, 'lstatSync' | 'readlinkSync'>): string | undefined {
  const status = ifThere(() => files.lstatSync(path));
  return status !== undefined && (status.mode & S_IFMT) === S_IFLNK ? files.readlinkSync(path) : undefined;
}
