/**
 * The files below /run/lvsadm: what lvsadm remembers of the kernel's state, and loses with it at a reboot. Settings and tables
 * belong to a network namespace, /run mostly does not: each namespace has files of its own, `INODE.NAME`.
 */

/**
 * The calls of node:fs that state files take. The standalone executable has system calls instead: loading its runtime's
 * node:fs takes longer than most commands.
 */
export interface Files {
  readFileSync(path: string, encoding: 'utf8'): string;
  writeFileSync(path: string, text: string): void;
  linkSync(existing: string, path: string): void;
  unlinkSync(path: string): void;
  mkdirSync(path: string, how: { recursive: true; mode: number }): unknown;
  readlinkSync(path: string): string;
}

const DIRECTORY = '/run/lvsadm';

/** The parts of a context that say where state files are. */
export interface StateContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: Files;
}

/**
 * The file `name` of this network namespace, in /run/lvsadm or the directory that LVSADM_RUN names.
 * @param earlier name that the file had before: it is read until the file is written under its own name
 */
export function stateFile(name: string, { env, files }: StateContext, earlier?: string): StateFile {
  const directory = env['LVSADM_RUN'] || DIRECTORY;
  const path = `${directory}/${networkNamespace('self', files) ?? 'net'}.${name}`;
  return new StateFile(path, files, earlier && `${directory}/${earlier}`);
}

/** Inode of a process's network namespace; undefined where this process may not know. */
export function networkNamespace(process: string, files: Files): string | undefined {
  try {
    // net:[4026531840]
    return /\d+/.exec(files.readlinkSync(`/proc/${process}/ns/net`))?.[0];
  } catch {
    return undefined;
  }
}

/** Errors of every method are those of node:fs. */
export class StateFile {
  constructor(
    readonly path: string,
    private readonly files: Files,
    private readonly earlier?: string,
  ) {}

  /** Undefined if the file does not exist. */
  read(): string | undefined {
    return readIfThere(this.path, this.files) ?? (this.earlier && readIfThere(this.earlier, this.files));
  }

  /** Replaces the whole file: a reader gets the old text or the new, also after a crash at any moment. */
  async write(text: string): Promise<void> {
    makeDirectoryOf(this.path, this.files);
    const { open, rename, writeFile } = process.getBuiltinModule('node:fs').promises;
    const fresh = `${this.path}.${process.pid}`;
    await writeFile(fresh, text, { flush: true });
    await rename(fresh, this.path);
    const directory = await open(directoryOf(this.path), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
    if (this.earlier) removeIfThere(this.earlier, this.files);
  }

  remove(): void {
    removeIfThere(this.path, this.files);
    if (this.earlier) removeIfThere(this.earlier, this.files);
  }
}

const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1) || '.';

export function makeDirectoryOf(path: string, files: Files): void {
  files.mkdirSync(directoryOf(path), { recursive: true, mode: 0o755 });
}

/** The file's text; undefined if it does not exist. */
export const readIfThere = (path: string, files: Files): string | undefined =>
  ifThere(() => files.readFileSync(path, 'utf8'));

export const removeIfThere = (path: string, files: Files): void => ifThere(() => files.unlinkSync(path));

function ifThere<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
