/** Applies plans: reads, plans, changes, and starts over if others changed the table meanwhile. */
import {
  Errno,
  KernelError,
  LvsadmError,
  ProtocolError,
  TransportError,
  UnavailableError,
} from '../errors.js';
import type { IpvsClient } from '../ipvs/client.js';
import type { Change } from '../model/change.js';
import { serviceKey } from '../model/service.js';
import type { State } from '../model/state.js';
import { differencesIn } from './differences.js';
import type { Difference, Plan } from './plan.js';
import { type SettingOutcome, setSettings } from './settings.js';
import { type Stage, stagesOf } from './stages.js';
import { inversesIn, type TakenBack, takeBack, takeSettingsBack } from './take-back.js';

/** The result of a change. `skipped`: not tried, because a change before it was refused, or a stop was requested. */
export interface Outcome {
  readonly change: Change;
  readonly result: 'done' | 'refused' | 'skipped';
  readonly error?: KernelError | undefined;
  /** What it changes; empty for additions and removals. */
  readonly differences?: readonly Difference[];
}

export interface Reconciliation {
  /** Settings that differed, in the order of the document; they come before all other changes. */
  readonly settings: readonly SettingOutcome[];
  /** One for each change of the last plan, and for each that was done before it, in order. */
  readonly outcomes: readonly Outcome[];
  /** Whether all changes were done. */
  readonly converged: boolean;
  /** Whether changes were skipped because a stop was requested. */
  readonly interrupted?: boolean;
  /** Number of readings of the table and plans: 1 unless others changed it meanwhile. */
  readonly rounds: number;
  /** What took back the changes that were done, in order; only with `isAtomic`, and only if not all were done. */
  readonly takenBack?: readonly TakenBack[];
  /** What kept changes from being made, other than refusals and requests to stop; only with `takenBack`: it is thrown otherwise. */
  readonly failure?: LvsadmError;
}

/** Whether a change was made, or a setting set. */
export const madeSomething = ({
  settings,
  outcomes,
}: Pick<Reconciliation, 'settings' | 'outcomes'>): boolean =>
  [...settings, ...outcomes].some(({ result }) => result === 'done');

export interface Reconciler<Current = State> {
  readonly client: Pick<IpvsClient, 'applyAll'>;
  read(): Promise<Current>;
  plan(current: Current): Plan;
  /** Sets a setting of IPVS; only plans with settings need it. @throws HostError */
  set?(name: string, value: string): Promise<void>;
  /** Called before anything is changed, once, if a plan changes something. What it throws keeps the changes from being made. */
  begin?(plan: Plan): Promise<void>;
  /** Called before a stage, for instance to wait for connections to end. */
  before?(stage: Stage): Promise<void>;
  /** What takes back the changes that `before` has made. */
  beforeTakenBack?(): readonly Change[];
  progress?(done: number, total: number): void;
  /** Asked before changes are sent: those that are left are skipped. */
  stopRequested?(): Promise<boolean>;
  /**
   * Changes that a refusal skips: `all` that come later; those of its `service` and the removals of services; or those of its `service
   * alone` (default: all).
   */
  readonly refusalSkips?: RefusalScope;
  /** Whether a setting that the kernel refuses is an outcome, and the other changes are made all the same (default: it is thrown). */
  readonly toleratesRefusedSettings?: boolean;
  /** Whether all that was done is taken back, the last change first, unless all changes are done. */
  readonly isAtomic?: boolean;
}

export type RefusalScope = 'all' | 'service' | 'service alone';

/** Rounds after which a table that others keep changing is given up. */
const ROUNDS = 5;

/** Changes in one batch: at most this many are done after a refused one. */
const TOGETHER = 256;

/**
 * Makes the table as desired. Ends at the first refusal that a new plan cannot mend.
 * @throws HostError for a setting that the kernel refuses, unless that is tolerated: the table has not been changed
 * @throws TransportError, ProtocolError, UnavailableError: the result of the changes under way is unknown; applying
 * again finds out and converges
 */
export async function reconcile<Current>(reconciler: Reconciler<Current>): Promise<Reconciliation> {
  const made: Made = { settings: [], done: [], inverses: [], rounds: 0 };
  if (!reconciler.isAtomic) return converge(reconciler, made);
  const ended = await converge(reconciler, made).catch((error: unknown) => endedBy(error, made, reconciler));
  if (ended.converged) return ended;
  const { client, set, beforeTakenBack } = reconciler;
  const changes = [...made.inverses.toReversed().flat(), ...(beforeTakenBack?.() ?? [])];
  const takenBack = [...(await takeBack(changes, client)), ...(await takeSettingsBack(made.settings, set))];
  return { ...ended, takenBack };
}

/** How far a reconciliation has come. */
interface Made {
  readonly settings: SettingOutcome[];
  readonly done: Outcome[];
  /** What takes each change back that was done. */
  readonly inverses: (readonly Change[])[];
  rounds: number;
}

/** @throws the error, if there is nothing to take back, or nothing that could be */
function endedBy<Current>(
  error: unknown,
  { settings, done, rounds }: Made,
  { beforeTakenBack }: Pick<Reconciler<Current>, 'beforeTakenBack'>,
): Reconciliation {
  const isCut = [TransportError, ProtocolError, UnavailableError].some((kind) => error instanceof kind);
  const isMade = madeSomething({ settings, outcomes: done }) || (beforeTakenBack?.() ?? []).length > 0;
  if (isCut || !isMade || !(error instanceof LvsadmError)) throw error;
  return { settings, outcomes: done, converged: false, rounds, failure: error };
}

/** Reads, plans and changes until nothing is left to change, or something was refused. */
async function converge<Current>(reconciler: Reconciler<Current>, made: Made): Promise<Reconciliation> {
  const { settings, done, inverses } = made;
  let hasBegun = false;
  for (let rounds = 1; ; rounds++) {
    made.rounds = rounds;
    const plan = reconciler.plan(await reconciler.read());
    if (!hasBegun && changesSomething(plan)) {
      await reconciler.begin?.(plan);
      hasBegun = true;
    }
    await setSettings(plan, reconciler, settings);
    const differences = differencesIn(plan);
    const inverse = reconciler.isAtomic ? inversesIn(plan) : undefined;
    const failed: Outcome[] = [];
    // One batch after the other: what comes next may throw.
    await carryOut(plan, reconciler, (outcomes) => {
      for (const outcome of outcomes) {
        const isDone = outcome.result === 'done';
        (isDone ? done : failed).push({ ...outcome, differences: differences(outcome.change) });
        if (isDone && inverse) inverses.push(inverse(outcome.change));
      }
    });
    const areSet = settings.every(({ result }) => result === 'done');
    if (failed.length === 0 && areSet) return { settings, outcomes: done, converged: true, rounds };
    const interrupted = (await reconciler.stopRequested?.()) ?? false;
    const isRefused = settings.some(({ result }) => result === 'refused') || !failed.every(mayBeRace);
    if (rounds === ROUNDS || interrupted || isRefused) {
      return { settings, outcomes: [...done, ...failed], converged: false, rounds, interrupted };
    }
  }
}

const changesSomething = (plan: Plan): boolean =>
  stagesOf(plan).length > 0 || (plan.settings?.differences.length ?? 0) > 0;

async function carryOut(
  plan: Plan,
  reconciler: Pick<Reconciler, 'client' | 'before' | 'progress' | 'stopRequested' | 'refusalSkips'>,
  note: (outcomes: readonly Outcome[]) => void,
): Promise<void> {
  const stages = stagesOf(plan);
  let noted = 0;
  const total = stages.reduce((sum, stage) => sum + stage.length, 0);
  const refusals = new Refusals(reconciler.refusalSkips);
  const left = async (changes: Stage): Promise<Stage> =>
    (await reconciler.stopRequested?.()) ? [] : changes.filter((change) => !refusals.skip(change));
  for (const stage of stages) {
    if ((await left(stage)).length > 0) await reconciler.before?.(stage);
    for (let at = 0; at < stage.length; at += TOGETHER) {
      const changes = stage.slice(at, at + TOGETHER);
      const tried = await left(changes);
      const errors = tried.length === 0 ? [] : await reconciler.client.applyAll(tried);
      const results = await startAgain(outcomesOf(tried, errors), plan, reconciler.client);
      refusals.note(results);
      const byChange = new Map(results.map((outcome) => [outcome.change, outcome]));
      note(changes.map((change) => byChange.get(change) ?? { change, result: 'skipped' }));
      noted += changes.length;
      if (tried.length > 0) reconciler.progress?.(noted, total);
    }
  }
}

/** What was refused, and so which changes are not tried. */
class Refusals {
  private readonly refused = new Set<string>();

  constructor(private readonly scope: RefusalScope = 'all') {}

  note(outcomes: readonly Outcome[]): void {
    for (const { change, result } of outcomes) if (result !== 'done') this.refused.add(partOf(change));
  }

  skip(change: Change): boolean {
    // A service that leaves may have its successor among those that were refused.
    const isAfterAny = this.scope === 'all' || (this.scope === 'service' && change.do === 'deleteService');
    return isAfterAny ? this.refused.size > 0 : this.refused.has(partOf(change));
  }
}

/** The keys of the services of which changes were refused or skipped. */
export const incompleteServices = ({ outcomes }: Pick<Reconciliation, 'outcomes'>): ReadonlySet<string> =>
  new Set(outcomes.filter(({ result }) => result !== 'done').map(({ change }) => partOf(change)));

/** The key of the service that a change is about; empty for daemons and timeouts. */
function partOf(change: Change): string {
  if ('of' in change) return serviceKey(change.of);
  if ('service' in change) return serviceKey(change.service.id);
  return 'id' in change ? serviceKey(change.id) : '';
}

/** Starts the daemons again that were stopped for new ones that the kernel refused. The refusal tells it. */
async function startAgain(
  outcomes: readonly Outcome[],
  { daemons }: Plan,
  client: Reconciler['client'],
): Promise<readonly Outcome[]> {
  const told: Outcome[] = [];
  for (const outcome of outcomes) {
    const { change, error } = outcome;
    const before =
      change.do === 'startDaemon' && daemons.find(({ after }) => after === change.daemon)?.before;
    if (!before || error === undefined) told.push(outcome);
    else {
      const [failure] = await client.applyAll([{ do: 'startDaemon', daemon: before }]);
      const detail = failure ? 'the one before could not be started again' : 'the one before runs again';
      told.push({ ...outcome, error: new KernelError(error.operation, error.errno, error.object, detail) });
    }
  }
  return told;
}

/** A server that was refused because its new service had been refused counts as skipped. */
function outcomesOf(changes: readonly Change[], errors: readonly (KernelError | undefined)[]): Outcome[] {
  const missing = new Set<string>();
  return changes.map((change, index): Outcome => {
    const error = errors[index];
    if (error === undefined) return { change, result: 'done' };
    if (change.do === 'addService') missing.add(serviceKey(change.service.id));
    if (change.do === 'addDestination' && error.errno === Errno.ESRCH && missing.has(serviceKey(change.of))) {
      return { change, result: 'skipped' };
    }
    return { change, result: 'refused', error };
  });
}

/** Errors that mean that the table has changed since the plan was made. */
const races: Readonly<Partial<Record<Change['do'], readonly number[]>>> = {
  addService: [Errno.EEXIST],
  editService: [Errno.ESRCH],
  deleteService: [Errno.ESRCH],
  addDestination: [Errno.EEXIST, Errno.ESRCH],
  editDestination: [Errno.ENOENT, Errno.ESRCH],
  deleteDestination: [Errno.ENOENT, Errno.ESRCH],
  startDaemon: [Errno.EEXIST],
  stopDaemon: [Errno.ESRCH],
};

/** Whether a new plan may mend this: others changed the table, or a change before this one failed. */
export const mayBeRace = ({ change, result, error }: Outcome): boolean =>
  result === 'skipped' || (error !== undefined && (races[change.do]?.includes(error.errno) ?? false));
