/**
 * The store of all state that lvsadm keeps: what it must know later and the kernel does not tell, and the locks among its
 * processes. Everything belongs to one network namespace. Locks are flock(2)'s, on files that stay: the kernel unlocks them when
 * their holder ends, however it ends.
 */
import { HostError, LockedError } from '../../errors.js';
import { isThereInBackground, readInBackground, replaceInBackground } from './background-files.js';
import {
  directoryOf,
  type Files,
  ifThere,
  makeDirectory,
  readIfThere,
  removeIfThere,
  replaceFile,
  writeAll,
} from './files.js';
import { flockByProgram } from './flock.js';
import {
  distrust,
  inWritableRunDir,
  namespaceName,
  type RunDirContext,
  readableRunDir,
  reasonOf,
} from './run-dir.js';
import { formatState, modeOf, parseState, type StateKind } from './state-kind.js';

export interface StoreContext extends RunDirContext {
  /** Called with a line that the administrator should see. */
  warn(line: string): void;
}

export interface Patience {
  /** Milliseconds to wait for the holder to finish. */
  readonly wait: number;
  /** Called once, before waiting, with `process 17`, or `another process` where that is not known. */
  waiting?(holder: string): void;
}

/** Milliseconds to wait for another process to change state; it takes a few. */
const CHANGE_PATIENCE = 30_000;

export class Store {
  private warned = false;

  /** @param file replaces the files of the run directory by this one */
  constructor(
    private readonly context: StoreContext,
    private readonly file?: string,
    /** Why what a directory holds is not to be read (default: of files that are named, nothing is). */
    private readonly distrusts: (directory: string) => string | undefined = (directory) =>
      file === undefined ? distrust(directory, context.files) : undefined,
  ) {}

  /** The file of this kind, whether it exists or not. @throws HostError */
  pathOf({ name }: Pick<StateKind<unknown>, 'name'>): string {
    return this.file ?? `${readableRunDir(this.context)}/${this.namespace()}.${name}.json`;
  }

  /** The Unix socket of this name. @throws HostError */
  socketPath(name: string): string {
    return `${readableRunDir(this.context)}/${this.namespace()}.${name}.sock`;
  }

  /** The files of this namespace, locks among them, in the order of their names. @throws HostError */
  paths(): string[] {
    const directory = readableRunDir(this.context);
    const { files } = this.context;
    const names = attempt('read', directory, () => ifThere(() => files.readdirSync(directory))) ?? [];
    const own = names.filter((name) => name.startsWith(`${this.namespace()}.`)).sort();
    return own.map((name) => `${directory}/${name}`);
  }

  /** @throws HostError for a file that cannot be read and is not expendable */
  read<T>(kind: StateKind<T>): T {
    const path = this.pathOf(kind);
    return this.isTrusted(path, kind) ? this.readFrom(path, kind) : kind.empty;
  }

  /** @throws HostError for a kind that is not expendable */
  private isTrusted(path: string, { expendable }: Pick<StateKind<unknown>, 'expendable'>): boolean {
    const problem = this.distrusts(path.slice(0, path.lastIndexOf('/')));
    if (problem === undefined) return true;
    if (this.file !== undefined && !expendable) throw new HostError(`read ${path}`, problem);
    if (!this.warned) this.context.warn(`state is ignored: ${problem}`);
    this.warned = true;
    return false;
  }

  /**
   * Changes state: no other process does so between reading and writing.
   * @throws HostError, LockedError; the state is as it was then
   */
  async update<T>(kind: StateKind<T>, change: (state: T) => T): Promise<void> {
    const { files } = this.context;
    const { path, release } = await this.locked('lock', 'changing state', { wait: CHANGE_PATIENCE });
    try {
      if (this.file === undefined) this.cleanUp(directoryOf(path));
      this.refuseDistrusted();
      const file = this.file ?? path.replace(/lock$/, `${kind.name}.json`);
      const state = kind.format(change(this.readFrom(file, kind)));
      attempt('write', file, () => {
        if (state === undefined) removeIfThere(file, files);
        else replaceFile(file, formatState(state, kind, files), files, modeOf(kind));
      });
    } finally {
      release();
    }
  }

  /** A text that is another one once state of this kind is written or removed. @throws HostError */
  stamp(kind: Pick<StateKind<unknown>, 'name'>): string {
    const path = this.pathOf(kind);
    const status = attempt('read', path, () => ifThere(() => this.context.files.lstatSync(path)));
    return status === undefined ? '' : `${status.ino} ${status.mtimeMs}`;
  }

  /** @throws HostError for a named file whose directory others may write */
  private refuseDistrusted(): void {
    const { file } = this;
    const problem = file && this.distrusts(directoryOf(file).replace(/(.)\/$/, '$1'));
    if (problem) throw new HostError(`write ${file}`, problem);
  }

  /** Reads state while other work goes on. @throws HostError for a file that cannot be read and is not expendable */
  async readInBackground<T>(kind: StateKind<T>): Promise<T> {
    const path = this.pathOf(kind);
    const text = await readInBackground(path).catch((error) => refuse('read', path, error));
    // After the disk has answered: the question about the directory waits for it, too.
    if (!this.isTrusted(path, kind)) return kind.empty;
    return parseState(text, path, kind, this.context);
  }

  /**
   * Replaces state whose only writer is the holder of a lock, while other work goes on; one call after the other.
   * @throws HostError; the state is as it was then
   */
  async replaceInBackground<T>(kind: StateKind<T>, state: T): Promise<void> {
    const path = this.pathOf(kind);
    const text = formatState(kind.format(state), kind, this.context.files);
    // The question about the directory waits for the disk, and must not before it answers.
    await isThereInBackground(path);
    this.refuseDistrusted();
    await replaceInBackground(path, text, this.context.files, modeOf(kind)).catch((error) =>
      refuse('write', path, error),
    );
  }

  /**
   * Locks one kind of work against other processes.
   * @param doing what holders of this lock do: `applying a document here`
   * @returns a function that unlocks it
   * @throws HostError, LockedError if another process still holds it when the time is up
   */
  async lock(name: string, doing: string, patience: Patience): Promise<() => void> {
    return (await this.locked(`${name}.lock`, doing, patience)).release;
  }

  /** Who has a lock, or had it last and was killed: `process 17`; undefined where that is not known. @throws HostError */
  holderOf(name: string): string | undefined {
    const path = `${readableRunDir(this.context)}/${this.namespace()}.${name}.lock`;
    return holderIn(path, this.context.files);
  }

  private async locked(name: string, doing: string, patience: Patience) {
    const { files } = this.context;
    const { path, descriptor } = this.openLock(name);
    const flock = files.flock ?? flockByProgram;
    try {
      if (!(await flock(descriptor, 0))) {
        const holder = () => holderIn(path, files) ?? 'another process';
        if (patience.wait > 0) patience.waiting?.(holder());
        if (patience.wait <= 0 || !(await flock(descriptor, patience.wait))) {
          throw new LockedError(holder(), doing, path);
        }
      }
    } catch (error) {
      files.closeSync(descriptor);
      throw error;
    }
    nameHolder(descriptor, String(process.pid), files);
    return {
      path,
      release() {
        nameHolder(descriptor, '', files);
        files.closeSync(descriptor);
      },
    };
  }

  private openLock(name: string): { path: string; descriptor: number } {
    const { files } = this.context;
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = files.constants;
    const open = (path: string) => ({
      path,
      descriptor: files.openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644),
    });
    const { file } = this;
    if (file !== undefined) {
      return attempt('write', file, () => {
        makeDirectory(directoryOf(file).replace(/(.)\/$/, '$1'), files);
        return open(`${file}.${name}`);
      });
    }
    const namespace = this.namespace();
    return inWritableRunDir(this.context, (directory) => open(`${directory}/${namespace}.${name}`));
  }

  private readFrom<T>(path: string, kind: StateKind<T>): T {
    const { files } = this.context;
    const text = attempt('read', path, () => readIfThere(path, files));
    return parseState(text, path, kind, this.context);
  }

  /** Removes the files of a dead namespace whose inode is that of this one by now. */
  private cleanUp(directory: string): void {
    const { files } = this.context;
    const namespace = this.namespace();
    const [inode = ''] = namespace.split('-');
    for (const name of files.readdirSync(directory)) {
      if (name.startsWith(`${inode}-`) && !name.startsWith(`${namespace}.`)) {
        removeIfThere(`${directory}${name}`, files);
      }
    }
  }

  private namespace(): string {
    return namespaceName(this.context.files);
  }
}

/** Who holds a lock; not yet written down if it was taken this very moment. */
function holderIn(path: string, files: Files): string | undefined {
  const [pid] = /^\d+$/.exec(readIfThere(path, files) ?? '') ?? [];
  return pid === undefined ? undefined : `process ${pid}`;
}

/** The lock holds whether or not its holder's name could be written. */
function nameHolder(descriptor: number, text: string, files: Files): void {
  try {
    files.ftruncateSync(descriptor, 0);
    writeAll(descriptor, text, files);
  } catch {
    // Those who wait are told that some process holds it.
  }
}

function attempt<T>(verb: 'read' | 'write', path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    return refuse(verb, path, error);
  }
}

/** @throws HostError */
function refuse(verb: 'read' | 'write', path: string, error: unknown): never {
  throw error instanceof HostError
    ? error
    : new HostError(`${verb} ${path}`, reasonOf(error), { cause: error });
}
