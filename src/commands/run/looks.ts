/** The agent's looks at its documents and at the table, one after the other, and what becomes of their failures. */
import type { Cause } from '../../agent/reports/table-events.js';
import { type NamedText, requireEnds } from '../../document/load.js';
import { DocumentError, LvsadmError, UnavailableError, UsageError } from '../../errors.js';
import type { DesiredState } from '../../model/state.js';
import type { Reconciliation } from '../../plan/apply.js';
import type { Pass } from '../shared/watch.js';

export interface Documents {
  readonly state: DesiredState;
  readonly texts: readonly NamedText[];
}

export interface LookPorts {
  /** @throws DocumentError */
  read(): Promise<Documents>;
  /** @throws UsageError for documents that are not to be applied */
  load(state: DesiredState, cause: Exclude<Cause, 'checks'>): Promise<Reconciliation>;
  /** Called after each look that has not been given up. @param failure that has another look after a short pause */
  ended(failure: LvsadmError | 'refused' | undefined): Promise<void>;
  /** Ends the agent. */
  fail(error: unknown): void;
  /** Documents in place of those of the start, which are not to be applied. @returns undefined without others */
  instead(error: UsageError): Promise<Documents | undefined>;
  /** Whether somebody who starts the agent is there to mend mistakes in its documents. */
  readonly isWatched: boolean;
}

/** Milliseconds until another look after a first failure: each failure in a row doubles them. */
const SHORTEST_PAUSE = 1000;

export class Looks {
  /** Whether the documents are in force. */
  hasStarted = false;
  private isReloadDue = false;
  private failures = 0;

  /**
   * @param documents of the start
   * @param interval milliseconds between two looks
   */
  constructor(
    private readonly ports: LookPorts,
    private documents: Documents,
    private readonly interval: number,
  ) {}

  /** The documents that were applied last. */
  get inForce(): Documents {
    return this.documents;
  }

  /** Whether the last application left nothing out. */
  get isConverged(): boolean {
    return this.hasStarted && this.failures === 0;
  }

  /** Milliseconds until the next look is due. */
  get pause(): number {
    const { failures, interval } = this;
    return failures === 0 ? interval : Math.min(SHORTEST_PAUSE * 2 ** (failures - 1), interval);
  }

  /** @throws DocumentError, UsageError: the documents before are still in force */
  async look({ cause, isOver, isUnsettled }: Omit<Pass, 'files'>): Promise<void> {
    this.isReloadDue ||= cause === 'change';
    try {
      await this.ended(this.isReloadDue && !isUnsettled ? this.reload(isOver) : this.loadAgain());
    } catch (error) {
      if (!this.hasStarted && error instanceof UsageError) {
        const before = await this.ports.instead(error);
        if (before !== undefined) {
          this.documents = before;
          return this.look({ cause, isOver, isUnsettled });
        }
      }
      if (!(error instanceof LvsadmError) || (!this.hasStarted && this.endsTheStart(error))) {
        return this.ports.fail(error);
      }
      if (areWrong(error)) throw error;
      // One moment without the kernel must not cost the checks of a minute.
      this.failures++;
      await this.ports.ended(error);
    }
  }

  private async reload(isOver: () => Promise<boolean>): Promise<boolean> {
    try {
      const documents = await this.ports.read();
      requireEnds(documents.texts, this.documents.texts);
      // The next look finds them settled.
      if (await isOver()) return this.failures === 0;
      return await this.load(documents, this.hasStarted ? 'reload' : 'start');
    } catch (error) {
      // The documents before hold on.
      if (areWrong(error)) await this.ended(this.loadAgain());
      throw error;
    }
  }

  private async ended(load: Promise<boolean>): Promise<void> {
    await this.ports.ended((await load) ? undefined : 'refused');
  }

  private loadAgain(): Promise<boolean> {
    const cause = this.failures > 0 ? 'retry' : 'resync';
    return this.load(this.documents, this.hasStarted ? cause : 'start');
  }

  /** Mistakes that somebody who starts the agent is to see at once, and a machine that has no IPVS. */
  private endsTheStart(error: LvsadmError): boolean {
    return error instanceof UnavailableError || (this.ports.isWatched && error instanceof UsageError);
  }

  /** @returns whether all changes were done */
  private async load(documents: Documents, cause: Exclude<Cause, 'checks'>): Promise<boolean> {
    const { converged } = await this.ports.load(documents.state, cause);
    this.documents = documents;
    this.hasStarted = true;
    this.isReloadDue = false;
    this.failures = converged ? 0 : this.failures + 1;
    return converged;
  }
}

/** Whether other documents are needed. */
const areWrong = (error: unknown): boolean => error instanceof DocumentError || error instanceof UsageError;
