/**
 * What was changed on this machine and how it was before, in a file that outlives the process: every change is written
 * down before it is made, so that whatever ends the process, what it did can be undone. The file lies under /run, because
 * a reboot undoes all of it as well.
 */
import { readFileSync } from 'node:fs';
import { mkdir, readlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HostError } from '../errors.js';
import { replaceFile } from '../system/replace-file.js';
import { readIfThere } from '../system/state-dir.js';
import { stepKey } from './steps/index.js';
import type { Step, Was } from './steps/step.js';

export interface Entry {
  readonly step: Step;
  readonly was: Was;
}

const VERSION = 1;
const RUN = '/run/lvsadm';

export class Journal {
  private constructor(
    readonly path: string,
    private list: readonly Entry[],
  ) {}

  /** @throws HostError where the file cannot be read or is no journal */
  static async open(path: string): Promise<Journal> {
    return new Journal(path, await readEntries(path));
  }

  /** In the order in which the changes were made. */
  get entries(): readonly Entry[] {
    return this.list;
  }

  /** Of two entries about the same thing the older one knows how it was before. @returns whether this one is new */
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
      if (list.length === 0) await unlink(this.path);
      else await this.replace(list);
    } catch (error) {
      throw new HostError(`write ${this.path}`, codeOf(error), { cause: error });
    }
    this.list = list;
  }

  private async replace(list: readonly Entry[]): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o755 });
    await replaceFile(this.path, `${JSON.stringify({ version: VERSION, entries: list }, undefined, 2)}\n`);
  }
}

/**
 * Where the journal of a role lies: in /run/lvsadm, or where LVSADM_RUN says. Addresses and settings belong to a network
 * namespace, /run mostly does not: another namespace than the first process's has a file of its own.
 */
export async function journalPath(
  role: 'real-server' | 'director',
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const [own, first] = await Promise.all(
    ['self', '1'].map((process) => readlink(`/proc/${process}/ns/net`).catch(() => undefined)),
  );
  const other = own !== undefined && first !== undefined && own !== first;
  return join(env['LVSADM_RUN'] || RUN, other ? `${role}-${own.replace(/\D/g, '')}.json` : `${role}.json`);
}

async function readEntries(path: string): Promise<Entry[]> {
  const text = textOf(path);
  if (text === undefined) return [];
  try {
    const { version, entries } = JSON.parse(text) as { version?: unknown; entries?: unknown };
    if (version !== VERSION || !Array.isArray(entries)) throw new Error(`it is not of version ${VERSION}`);
    for (const { step } of entries as Entry[]) stepKey(step);
    return entries as Entry[];
  } catch (error) {
    throw new HostError(
      `read ${path}`,
      `${(error as Error).message}; what it recorded has to be undone by hand before it is deleted`,
      { cause: error },
    );
  }
}

function textOf(path: string): string | undefined {
  try {
    return readIfThere(path, { readFileSync });
  } catch (error) {
    throw new HostError(`read ${path}`, codeOf(error), { cause: error });
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);
