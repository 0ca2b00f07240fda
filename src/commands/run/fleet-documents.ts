/** The documents of an agent in a fleet: those of the release that its target assigns to it. */
import type { Context } from '../../context.js';
import type { Director } from '../../document/audience.js';
import { parseDocuments } from '../../document/load.js';
import { type LvsadmError, UsageError } from '../../errors.js';
import type { ApplyCause, LastGood } from '../../fleet/member-ports.js';
import type { FleetDocument } from '../../fleet/releases.js';
import type { DesiredService } from '../../model/state.js';
import type { StateKind } from '../../system/files/state-kind.js';
import { SystemNames } from '../../system/network/names.js';
import { programsOf } from '../shared/agent/root-programs.js';
import type { Documents } from './looks.js';

interface Waiting {
  readonly documents: readonly FleetDocument[];
  readonly cause: ApplyCause;
  /** What they were read as, once they were. */
  read: Documents | undefined;
  /** Looks that the kernel, or this machine, did not answer. */
  failures: number;
  readonly resolve: () => void;
  readonly reject: (error: LvsadmError) => void;
}

/** Looks that may fail before the documents count as not applied: half a minute. */
const ATTEMPTS = 5;

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

  /** Whether documents are being applied that were in force before: they may remove what came since. */
  get isWayBack(): boolean {
    return this.waiting?.cause === 'rollback';
  }

  /** Resolves when the documents are in force. @param stop ends the attempt @throws LvsadmError that says why they are not */
  apply(documents: readonly FleetDocument[], cause: ApplyCause, stop: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void =>
        this.settle(waiting, new UsageError('it was given up: the target has changed, or the agent ends'));
      const waiting: Waiting = {
        documents,
        cause,
        read: undefined,
        failures: 0,
        resolve: () => {
          stop.removeEventListener('abort', giveUp);
          resolve();
        },
        reject: (error) => {
          stop.removeEventListener('abort', giveUp);
          reject(error);
        },
      };
      this.waiting = waiting;
      stop.addEventListener('abort', giveUp);
      if (stop.aborted) giveUp();
      else this.wake();
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

  /**
   * Called after each look.
   * @param inForce the documents that are
   * @param mistake of the documents, if the look found one
   * @param trouble that had the look fail, if it will be tried again
   */
  looked(inForce: Documents, mistake: LvsadmError | undefined, trouble: LvsadmError | undefined): void {
    const { waiting } = this;
    if (waiting === undefined) return;
    if (waiting.read !== undefined && inForce === waiting.read) {
      this.current = inForce;
      this.settle(waiting);
    } else if (mistake !== undefined) this.settle(waiting, mistake);
    else if (trouble !== undefined && ++waiting.failures >= ATTEMPTS) this.settle(waiting, trouble);
  }

  private settle(waiting: Waiting, error?: LvsadmError): void {
    if (this.waiting === waiting) this.waiting = undefined;
    if (error === undefined) waiting.resolve();
    else waiting.reject(error);
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
    const { fleet, sequence, release, id, documents, downBefore } = value as LastGood;
    const isValid =
      typeof fleet === 'string' &&
      Number.isInteger(sequence) &&
      Number.isInteger(release) &&
      typeof id === 'string' &&
      Number.isInteger(downBefore) &&
      Array.isArray(documents) &&
      documents.every(({ name, text }) => typeof name === 'string' && typeof text === 'string');
    if (!isValid) throw new Error('it holds no release');
    return { fleet, sequence, release, id, documents, downBefore };
  },
  format: (last) => last,
  loss: 'the release that ran here before is lost, and the store is asked for one',
  expendable: true,
  outlivesBoot: true,
  // Checks may have passwords in their headers.
  isPrivate: true,
};
