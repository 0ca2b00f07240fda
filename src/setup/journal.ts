/**
 * The journal of a set-up: the changes that it made to this machine, and the state before each. Every change is written down
 * before it is made, so that it can be undone however the process ends. The file lies below /run, because a reboot undoes
 * the changes as well.
 */
import { HostError } from '../errors.js';
import { networkNamespace, type StateContext, type StateFile, stateFile } from '../system/state-dir.js';
import { stepKey } from './steps/index.js';
import type { Previous, SetupStep } from './steps/step.js';

export interface Entry {
  readonly step: SetupStep;
  readonly previous: Previous;
}

const VERSION = 1;

/** An entry in the file. */
interface StoredEntry {
  readonly step: SetupStep;
  readonly was: Previous;
}

export class Journal {
  private constructor(
    private readonly file: StateFile,
    private list: readonly Entry[],
  ) {}

  /** @throws HostError if the file cannot be read or is no journal */
  static async open(file: StateFile): Promise<Journal> {
    return new Journal(file, readEntries(file));
  }

  get path(): string {
    return this.file.path;
  }

  /** In the order in which the changes were made. */
  get entries(): readonly Entry[] {
    return this.list;
  }

  /** Of two entries about the same thing the older one has the original state. @returns whether this one is new */
  async add(entry: Entry): Promise<boolean> {
    const key = stepKey(entry.step);
    if (this.list.some(({ step }) => stepKey(step) === key)) return false;
    await this.write([...this.list, entry]);
    return true;
  }

  async remove(entry: Entry): Promise<void> {
    const key = stepKey(entry.step);
    await this.write(this.list.filter(({ step }) => stepKey(step) !== key));
  }

  private async write(list: readonly Entry[]): Promise<void> {
    try {
      if (list.length === 0) this.file.remove();
      else {
        const entries = list.map(({ step, previous }) => ({ step, was: previous }));
        await this.file.write(`${JSON.stringify({ version: VERSION, entries }, undefined, 2)}\n`);
      }
    } catch (error) {
      throw new HostError(`write ${this.path}`, codeOf(error), { cause: error });
    }
    this.list = list;
  }
}

/** The journal of a role in this network namespace. Earlier versions gave a name of its own to the namespace of process 1. */
export function journalFile(role: 'real-server' | 'director', context: StateContext): StateFile {
  const [own, first] = ['self', '1'].map((process) => networkNamespace(process, context.files));
  const isFirst = own === undefined || first === undefined || own === first;
  return stateFile(`${role}.json`, context, isFirst ? `${role}.json` : `${role}-${own}.json`);
}

function readEntries(file: StateFile): Entry[] {
  const text = textOf(file);
  if (text === undefined) return [];
  try {
    const { version, entries } = JSON.parse(text) as { version?: unknown; entries?: unknown };
    if (version !== VERSION || !Array.isArray(entries)) throw new Error(`it is not of version ${VERSION}`);
    return (entries as StoredEntry[]).map(({ step, was }) => {
      stepKey(step);
      return { step, previous: was };
    });
  } catch (error) {
    throw new HostError(
      `read ${file.path}`,
      `${(error as Error).message}; what it recorded has to be undone by hand before it is deleted`,
      { cause: error },
    );
  }
}

function textOf(file: StateFile): string | undefined {
  try {
    return file.read();
  } catch (error) {
    throw new HostError(`read ${file.path}`, codeOf(error), { cause: error });
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);
