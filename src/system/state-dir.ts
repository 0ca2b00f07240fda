/** Where lvsadm keeps what must not outlive the kernel's table: one place for each network namespace. */
import type { Files } from './files.js';

const DIRECTORY = '/run/lvsadm';

/**
 * Path of a file of this network namespace, in a directory that exists. LVSADM_RUN names another directory than
 * /run/lvsadm.
 */
export function runtimePath(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  files: Files,
): string {
  const directory = env['LVSADM_RUN'] || DIRECTORY;
  files.mkdirSync(directory, { recursive: true, mode: 0o755 });
  // net:[4026531840]
  const [, inode = 'net'] = /(\d+)/.exec(files.readlinkSync('/proc/self/ns/net')) ?? [];
  return `${directory}/${inode}.${name}`;
}

/** A file's text; undefined where there is none. */
export function readIfThere(path: string, files: Pick<Files, 'readFileSync'>): string | undefined {
  try {
    return files.readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
