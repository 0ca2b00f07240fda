/** What one file of state holds, and the form in which it is kept. */
import { HostError } from '../../errors.js';
import type { Files } from './files.js';
import { bootId } from './run-dir.js';

/** A kind of state, in a file of its own. */
export interface StateKind<T> {
  /** `weights`: the file is `NAMESPACE.weights.json`. */
  readonly name: string;
  /** The state of a file that does not exist. */
  readonly empty: T;
  /** @throws Error for a value that is not of this kind */
  parse(value: unknown): T;
  /** Undefined where nothing is left to remember: the file is removed. */
  format(state: T): unknown;
  /** What a file that cannot be read costs. */
  readonly loss: string;
  /** Whether a file that cannot be read is told and replaced; otherwise it is an error. */
  readonly expendable: boolean;
  /** Whether it is about more than the kernel's state, which a reboot ends. */
  readonly outlivesBoot?: true;
  /** Whether it is written without blanks: a line for some thousand servers, which no one reads by eye. */
  readonly isLarge?: true;
  /** Whether only its owner may read it. */
  readonly isPrivate?: true;
}

const VERSION = 2;

/** The content of a state file. */
interface Stored {
  readonly version: typeof VERSION;
  /** State of another boot is ignored: the kernel has forgotten what it is about. */
  readonly boot?: string | undefined;
  readonly state: unknown;
}

/**
 * @param text of the file; undefined where there is none
 * @throws HostError for a text that cannot be read, of a kind that is not expendable
 */
export function parseState<T>(
  text: string | undefined,
  path: string,
  kind: StateKind<T>,
  { files, warn }: { readonly files: Files; warn(line: string): void },
): T {
  if (text === undefined) return kind.empty;
  try {
    const { version, boot, state } = JSON.parse(text) as Partial<Stored>;
    if (version !== VERSION) throw new Error(`it is not of version ${VERSION}`);
    const isOfThisBoot = boot === undefined || boot === (bootId(files) ?? boot);
    if (!isOfThisBoot && !kind.outlivesBoot) return kind.empty;
    return kind.parse(state);
  } catch (error) {
    const reason = `${text === '' ? 'it is empty' : (error as Error).message}; ${kind.loss}`;
    if (!kind.expendable) throw new HostError(`read ${path}`, reason, { cause: error });
    warn(`cannot read ${path}: ${reason}`);
    return kind.empty;
  }
}

/** @param state as `format` of its kind gives it */
export function formatState(
  state: unknown,
  { isLarge }: Pick<StateKind<unknown>, 'isLarge'>,
  files: Files,
): string {
  const stored: Stored = { version: VERSION, boot: bootId(files), state };
  return `${JSON.stringify(stored, undefined, isLarge ? 0 : 2)}\n`;
}

/** Options of the file's creation. */
export const modeOf = ({ isPrivate }: Pick<StateKind<unknown>, 'isPrivate'>) =>
  isPrivate ? { mode: 0o600 } : {};
