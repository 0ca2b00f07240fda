/** The agent's documents in files. Those that were in force last are kept: a mistake in a file must not keep the agent from starting. */
import { resolve } from 'node:path';
import type { Context } from '../../context.js';
import { type NamedText, parseDocuments } from '../../document/load.js';
import type { Lookup } from '../../document/names.js';
import { DocumentError, type UsageError } from '../../errors.js';
import { systemClock } from '../../system/clock.js';
import type { StateKind } from '../../system/files/state-kind.js';
import { SystemNames } from '../../system/network/names.js';
import type { Values } from '../command.js';
import { readOwnDocuments, refuseForeignPrograms } from '../shared/agent/root-programs.js';
import { directorOf, type directorOptions } from '../shared/fleet/audience.js';
import type { Documents } from './looks.js';
import { StateFile } from './state-file.js';

/** Documents that were in force, and the addresses that their names had. */
interface LastDocuments {
  /** Those that `--file` named: absolute paths. */
  readonly files: readonly string[];
  readonly texts: readonly NamedText[];
  readonly hosts: Readonly<Record<string, readonly string[]>>;
}

interface OwnValues extends Values<typeof directorOptions> {
  readonly file: readonly string[];
  readonly prune: boolean;
  readonly stateDir: string | undefined;
}

export class OwnDocuments {
  private readonly kept: StateFile<LastDocuments | undefined>;
  private names: RememberedNames;
  private inForce: Documents | undefined;
  /** What is kept of them, or of those of the process before. */
  private last: LastDocuments | undefined;
  /** Why those of the files are not in force. */
  private mistake: string | undefined;

  constructor(
    private readonly context: Context,
    private readonly values: OwnValues,
  ) {
    // The memory, which is in the same directory, tells what is wrong with it.
    this.kept = new StateFile(context, values.stateDir, kind, systemClock, false);
    this.names = this.newNames();
  }

  /** What an administrator should know of them. */
  get problems(): readonly string[] {
    return [this.mistake, this.names.problem, this.kept.problem].filter((each) => each !== undefined);
  }

  /**
   * The documents of the files; if these have mistakes, and no terminal is there to tell them to, those of the same files that were in
   * force last. A name that cannot be resolved has the addresses that it had then.
   * @throws DocumentError, UsageError
   */
  async first(): Promise<Documents> {
    const last = this.kept.read();
    // Documents of other files are not what this start is to apply.
    if (last?.files.join('\n') === this.files.join('\n')) this.last = last;
    this.names = this.newNames(this.last?.hosts);
    try {
      return await readOwnDocuments(this.context, this.values, this.names);
    } catch (error) {
      const documents = error instanceof DocumentError ? await this.instead(error) : undefined;
      if (documents === undefined) throw error;
      return documents;
    }
  }

  /**
   * Those that were in force last, for a start that cannot have those of the files, and that no terminal is there to tell.
   * @returns undefined without any, if they have mistakes themselves, and if they are in force already
   */
  async instead(error: DocumentError | UsageError): Promise<Documents | undefined> {
    if (this.last === undefined || this.inForce !== undefined || this.context.err.isTTY) return undefined;
    try {
      const documents = await this.again(this.last);
      this.failed(error);
      return documents;
    } catch (mistake) {
      // The error of the files is the one that can be mended.
      if (mistake instanceof DocumentError) return undefined;
      throw mistake;
    }
  }

  /** Those of the files as they are now, with the addresses that names have now. @throws DocumentError */
  async read(): Promise<Documents> {
    const names = this.newNames();
    const documents = await readOwnDocuments(this.context, this.values, names);
    this.names = names;
    return documents;
  }

  /** They are in force. Those that the disk has not taken are written again. */
  applied(documents: Documents): void {
    if (documents !== this.inForce) {
      this.inForce = documents;
      this.mistake = undefined;
      this.last = { files: this.files, texts: documents.texts, hosts: this.names.found };
    } else if (this.kept.problem === undefined) return;
    if (this.last !== undefined) void this.kept.write(this.last);
  }

  private get files(): string[] {
    return this.values.file.map((path) => resolve(path));
  }

  /** Waits for the disk, at the end of the process. */
  readonly idle = (): Promise<void> => this.kept.idle();

  /** Those of the files have mistakes: the ones before stay in force. */
  failed({ message }: Error): void {
    const [first] = message.split('\n');
    this.mistake = `the files have mistakes, and the documents before are in force: ${first}`;
  }

  private async again({ texts, hosts }: LastDocuments): Promise<Documents> {
    const { context, values } = this;
    const names = this.newNames(hosts);
    const state = await parseDocuments(texts, names, directorOf(values));
    const paths = [...values.file, ...texts.map(({ file }) => file)];
    refuseForeignPrograms(state.services ?? [], paths, context);
    this.names = names;
    this.inForce = { state, texts };
    return this.inForce;
  }

  private newNames(before?: LastDocuments['hosts']): RememberedNames {
    return new RememberedNames(new SystemNames(this.context), before);
  }
}

/** Names, and the addresses that they had before where they have none now. */
class RememberedNames implements Lookup {
  readonly found: Record<string, readonly string[]> = {};
  private readonly lost: string[] = [];

  constructor(
    private readonly names: Lookup,
    private readonly before: LastDocuments['hosts'] = {},
  ) {}

  get problem(): string | undefined {
    const [first, ...others] = this.lost;
    if (first === undefined) return undefined;
    const more = others.length === 0 ? '' : ` and ${others.length} other names`;
    return `${first}${more} cannot be resolved: the last addresses are in force until the documents are read again`;
  }

  async addresses(name: string): Promise<readonly string[]> {
    const now = await this.names.addresses(name);
    const before = Object.hasOwn(this.before, name) ? this.before[name] : undefined;
    if (now.length === 0 && before !== undefined) this.lost.push(name);
    const addresses = now.length === 0 && before !== undefined ? before : now;
    this.found[name] = addresses;
    return addresses;
  }

  ports(): ReturnType<Lookup['ports']> {
    return this.names.ports();
  }
}

const kind: StateKind<LastDocuments | undefined> = {
  name: 'documents',
  empty: undefined,
  parse(value) {
    const { files, texts, hosts } = value as LastDocuments;
    const areTexts = (all: readonly unknown[]): boolean => all.every((each) => typeof each === 'string');
    const isValid =
      areTexts(files) &&
      texts.every(({ file, text }) => areTexts([file, text])) &&
      Object.values(hosts).every((addresses) => Array.isArray(addresses) && areTexts(addresses));
    if (!isValid) throw new Error('it holds no documents');
    return { files, texts, hosts };
  },
  format: (last) => last,
  loss: 'if the files have mistakes now, the agent does not start',
  expendable: true,
  outlivesBoot: true,
  isLarge: true,
  // Documents may hold passwords of checks.
  isPrivate: true,
};
