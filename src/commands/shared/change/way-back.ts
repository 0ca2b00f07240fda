/** The way back from a plan: its record, and what takes it back by itself. */
import type { Context } from '../../../context.js';
import { UsageError } from '../../../errors.js';
import type { PendingChange } from '../../../history/pending-change.js';
import type { IpvsClient } from '../../../ipvs/client.js';
import type { Json } from '../../../output/json.js';
import { madeSomething, type Reconciliation } from '../../../plan/apply.js';
import type { Plan } from '../../../plan/plan.js';
import type { Store } from '../../../system/files/store.js';
import type { Options, Values } from '../../command.js';
import type { stateDirOption } from '../store.js';
import { countsOf, settingsBefore, TableBefore } from './change-history.js';
import { awaitConfirmation, endPending, markMade, waitingJson, waitingText } from './confirmation.js';
import type { ChangeRequest, TableChange } from './table-change.js';

export const wayBackOptions = {
  atomic: {
    type: 'flag',
    describe: 'after a refusal or an interruption take back what was done, the last change first',
  },
  confirm: {
    type: 'seconds',
    describe:
      'take the change back after this time, counted from its first step, unless lvsadm confirm comes before',
    defaultText: 'it stays',
  },
} as const satisfies Options;

/** Of commands that take the lock of apply. */
export const waitOption = {
  wait: { type: 'seconds', default: 30, describe: 'time to wait for another apply to finish' },
} as const satisfies Options;

type WayBackValues = Values<typeof wayBackOptions & typeof stateDirOption>;

/** @throws UsageError */
export function checkWayBack({
  confirm,
  dryRun,
  drain = 0,
}: Pick<WayBackValues, 'confirm'> & { readonly dryRun: boolean; readonly drain?: number | undefined }): void {
  if (confirm === undefined) return;
  if (dryRun) throw new UsageError('cannot be combined with --dry-run', '--confirm');
  if (confirm < SHORTEST) throw new UsageError(`at least ${SHORTEST} s`, '--confirm');
  if (drain >= confirm)
    throw new UsageError('must be longer than --drain, which is a part of it', '--confirm');
}

/** Seconds in which somebody can confirm. */
const SHORTEST = 5;

export const wayBackTerms = ({ confirm, atomic, stateDir }: WayBackValues): WayBackTerms => ({
  confirm,
  isAtomic: atomic,
  stateDir,
});

/** Exit statuses of commands that carry a plan out. */
export const statusOf = ({ converged, takenBack }: Reconciliation): number => {
  if (converged) return 0;
  return takenBack?.some(({ error }) => error !== undefined) ? 3 : 1;
};

export interface WayBackTerms {
  /** Seconds until the change is taken back unless it is confirmed; undefined: it stays. */
  readonly confirm: number | undefined;
  readonly isAtomic: boolean;
  readonly stateDir: string | undefined;
}

export class WayBack {
  private before: TableBefore | undefined;
  private pending: PendingChange | undefined;

  constructor(
    private readonly context: Context,
    private readonly store: Store,
    private readonly terms: WayBackTerms,
  ) {}

  /**
   * Makes a change with this way back.
   * @param isRecorded whether the history has it
   * @throws what `TableChange.make` throws; HostError, LockedError where the terms ask for a way back that cannot be had
   */
  async make(
    change: TableChange,
    request: Pick<ChangeRequest, 'desired' | 'plan' | 'drain'>,
    client: IpvsClient,
    isRecorded = true,
  ): Promise<Reconciliation> {
    const { isAtomic } = this.terms;
    const begin = async (plan: Plan) => {
      if (isRecorded) await this.begin(plan, client);
    };
    try {
      const reconciliation = await change.make({ ...request, isAtomic, begin });
      await this.end(reconciliation, change);
      return reconciliation;
    } catch (error) {
      // Why the change was not made says more than why its record stays.
      if (!change.hasBegun) await this.withdraw().catch(() => {});
      throw error;
    }
  }

  /** Called before the first change of a plan. */
  private async begin(plan: Plan, client: IpvsClient): Promise<void> {
    const { context, store } = this;
    const { confirm, isAtomic, stateDir } = this.terms;
    const before = await TableBefore.read(context, stateDir, client);
    this.before = before;
    const [counts, settings] = [countsOf(plan), settingsBefore(plan)];
    if (confirm === undefined && !isAtomic) return before.keepIfPossible(counts, settings);
    const record = await before.keep(counts, settings);
    if (confirm !== undefined)
      this.pending = await awaitConfirmation(confirm, before, record, store, stateDir, context);
  }

  private async end(reconciliation: Reconciliation, { hasDrained }: TableChange): Promise<void> {
    const isDone = hasDrained || madeSomething(reconciliation);
    const isLeft = isDone && !reconciliation.takenBack?.every(({ error }) => error === undefined);
    if (!isLeft) return this.withdraw();
    if (this.pending !== undefined && reconciliation.converged) await markMade(this.pending, this.store);
  }

  /** A change of which nothing is left needs no record and no confirmation. */
  private async withdraw(): Promise<void> {
    if (this.pending !== undefined) await endPending(this.pending, this.store);
    this.pending = undefined;
    await this.before?.forget();
  }

  /** What is to be done now; empty if the change stays by itself. */
  get text(): string {
    return this.pending === undefined ? '' : waitingText(this.pending);
  }

  get json(): Json {
    return this.pending && waitingJson(this.pending);
  }
}
