/** The documents of an agent in a fleet: those of the release that its target assigns to it. */
import type { Context } from '../../context.js';
import type { Director } from '../../document/audience.js';
import { parseDocuments } from '../../document/load.js';
import { LvsadmError, UsageError } from '../../errors.js';
import type { LastGood } from '../../fleet/member.js';
import type { FleetDocument } from '../../fleet/releases.js';
import type { DesiredService } from '../../model/state.js';
import { SystemNames } from '../../system/names.js';
import type { StateKind } from '../../system/store.js';
import { programsOf } from '../shared/root-programs.js';
import type { Documents } from './looks.js';

interface Waiting {
  readonly documents: readonly FleetDocument[];
  /** What they were read as, once they were. */
  read: Documents | undefined;
  readonly resolve: () => void;
  readonly reject: (error: LvsadmError) => void;
}

/** What is desired before the first release. */
export const nothing: Documents = { state: {}, texts: [] };

/** Hands documents of the fleet to the agent's looks, and tells the fleet what became of them. */
export class FleetDocuments {
  private waiting: Waiting | undefined;
  private current: Documents | undefined;

  /** @param wake asks for a look at once */
  constructor(
    private readonly context: Context,
    private readonly director: Director,
    /** Whether programs that a release names are run. */
    private readonly takesPrograms: boolean,
    private readonly wake: () => void,
  ) {}

  /** Whether anything is desired: without a release the table stays as it is. */
  get isDue(): boolean {
    return this.waiting !== undefined || this.current !== undefined;
  }

  /** Resolves when the documents are in force. @throws LvsadmError that says why they are not */
  apply(documents: readonly FleetDocument[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting = { documents, read: undefined, resolve, reject };
      this.wake();
    });
  }

  /** What is desired now. @throws DocumentError */
  async read(): Promise<Documents> {
    const { waiting, context, director } = this;
    if (waiting === undefined) return this.current ?? nothing;
    const texts = waiting.documents.map(({ name, text }) => ({ file: name, text }));
    const state = await parseDocuments(texts, new SystemNames(context), director);
    if (!this.takesPrograms) refusePrograms(state.services ?? []);
    // A release is whole: no text of it can have lost its end.
    waiting.read = { state, texts: [] };
    return waiting.read;
  }

  /** Called after each look. @param inForce the documents that are @param failure of the look, if the documents are to blame */
  looked(inForce: Documents, failure: unknown): void {
    const { waiting } = this;
    if (waiting === undefined) return;
    if (waiting.read !== undefined && inForce === waiting.read) {
      this.waiting = undefined;
      this.current = inForce;
      waiting.resolve();
    } else if (failure instanceof LvsadmError) {
      this.waiting = undefined;
      waiting.reject(failure);
    }
    // Otherwise the kernel did not answer, and the next look tries again.
  }
}

/** Whoever can write to the store would run them here, as root. @throws UsageError */
function refusePrograms(services: readonly DesiredService[]): void {
  const [program] = services.flatMap(programsOf);
  if (program === undefined) return;
  throw new UsageError(`the release names the program ${program.path}: --store-programs lets it run here`);
}

/** What was applied last, with its documents: an agent boots from it. */
export const lastGoodKind: StateKind<LastGood | undefined> = {
  name: 'fleet',
  empty: undefined,
  parse(value) {
    const { fleet, sequence, release, documents } = value as LastGood;
    const isValid =
      typeof fleet === 'string' &&
      Number.isInteger(sequence) &&
      Number.isInteger(release) &&
      Array.isArray(documents) &&
      documents.every(({ name, text }) => typeof name === 'string' && typeof text === 'string');
    if (!isValid) throw new Error('it holds no release');
    return { fleet, sequence, release, documents };
  },
  format: (last) => last,
  loss: 'the release that ran here before is lost, and the store is asked for one',
  expendable: true,
  outlivesBoot: true,
};
