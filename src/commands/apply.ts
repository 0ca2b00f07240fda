/** `lvsadm apply`: makes the table match a document. */
import type { Context } from '../context.js';
import { type NamedText, requireEnds } from '../document/load.js';
import { UsageError } from '../errors.js';
import { printable } from '../foreign-text.js';
import type { IpvsClient } from '../ipvs/client.js';
import type { State } from '../model/state.js';
import { toJson } from '../output/json.js';
import { reconciliationJson, refusals, renderReconciliation } from '../output/outcome.js';
import { planJson, renderPlan } from '../output/plan.js';
import { type Theme, themeFor } from '../output/theme.js';
import type { Reconciliation } from '../plan/apply.js';
import { lossesOf } from '../plan/losses.js';
import type { Plan } from '../plan/plan.js';
import type { Store } from '../system/files/store.js';
import { defineCommand, type Options, type Values } from './command.js';
import { requireNonePending } from './shared/change/confirmation.js';
import {
  type Desired,
  desiredOptions,
  planFor,
  readCurrent,
  readDesired,
  readDesiredAgain,
} from './shared/change/desired-state.js';
import { Interruption } from './shared/change/interruption.js';
import {
  checkRemovals,
  removalDrainOption,
  removalOptions,
  watchLimit,
} from './shared/change/removal-limits.js';
import { reasonOf, TableChange } from './shared/change/table-change.js';
import {
  checkWayBack,
  statusOf,
  WayBack,
  waitOption,
  wayBackOptions,
  wayBackTerms,
} from './shared/change/way-back.js';
import { someNames } from './shared/server.js';
import { openStore, runDirOption, stateDirOption } from './shared/store.js';
import type { Occasion, Pass } from './shared/watch.js';

const DONE = 0;

const options = {
  ...desiredOptions,
  'dry-run': { type: 'flag', describe: 'show the changes without making them' },
  ...removalOptions,
  ...removalDrainOption,
  ...wayBackOptions,
  ...waitOption,
  watch: {
    type: 'flag',
    describe: 'keep running: apply again when a file changes, and undo changes made by others',
  },
  interval: { type: 'seconds', default: 30, describe: 'time after which --watch reads the table again' },
  ...stateDirOption,
  ...runDirOption,
  json: { type: 'flag', describe: 'write the result as JSON' },
} as const satisfies Options;

export const command = defineCommand({
  options,
  exitStatuses: {
    0: 'the table matches the document',
    1: 'the kernel refused a change; with --atomic all that was done has been taken back',
    2: 'the document or the command line is wrong; nothing was changed',
    3: 'with --atomic: the kernel refused a change, and some of what was done could not be taken back',
    75: 'another apply did not finish in time, or a change waits for lvsadm confirm',
    130: 'interrupted by SIGINT (143: by SIGTERM); standard error tells what was done and what was not',
  },
  async run(context, values) {
    checkWayBack(values);
    const application = new Application(context, values, await themeFor(context.out, context.env));
    if (!values.watch) return application.once();
    if (values.dryRun) throw new UsageError('cannot be combined with --dry-run', '--watch');
    if (values.confirm !== undefined) throw new UsageError('cannot be combined with --confirm', '--watch');
    if (values.file.includes('-')) throw new UsageError('standard input cannot be watched', '--watch');
    const { FileWatch } = await import('./shared/watch.js');
    const watch = new FileWatch(values.file, context);
    await watch.begin();
    await watch.run(
      (pass) => application.once(pass),
      () => values.interval * 1000,
    );
    return DONE;
  },
});

class Application {
  private readonly store: Store;
  /** What --watch applied last. */
  private applied: readonly NamedText[] = [];
  private hasToldOfChecks = false;

  constructor(
    private readonly context: Context,
    private readonly values: Values<typeof options>,
    private readonly theme: Theme,
  ) {
    this.store = openStore(context, values.runDir);
  }

  /**
   * @param pass of --watch, which writes nothing if nothing changes
   * @returns the exit status
   */
  async once(pass?: Pass): Promise<number> {
    const { context, values } = this;
    // It reads the documents each time.
    if (pass?.isUnsettled) return DONE;
    // Before the lock: a mistake in a document is not worth a wait.
    const first = await readDesired(context, values);
    await this.tellOfChecks(first);
    const client = await context.client();
    if (values.dryRun)
      return this.show(this.planned(await readCurrent(client, first, context), first), first, client);
    const release = await this.lock();
    try {
      // From here on a signal is answered; --watch, whose loop waits for one, lets an apply finish.
      const interruption = values.watch ? undefined : new Interruption(context);
      const desired = await readDesiredAgain(context, values, first);
      requireEnds(desired.texts, this.applied);
      // The next look of --watch finds them settled.
      if (await pass?.isOver()) return DONE;
      if (pass) this.applied = desired.texts;
      requireNonePending(this.store);
      const change = new TableChange(context, client, this.store, interruption);
      const wayBack = new WayBack(context, this.store, wayBackTerms(values));
      const reconciliation = await this.reconcile(client, desired, change, wayBack, pass);
      if (pass && isUnchanged(reconciliation)) return DONE;
      const interrupted = change.interruptionText(reconciliation);
      const status = await this.tell(reconciliation, wayBack, interrupted, pass);
      return reconciliation.interrupted && interruption ? interruption.status : status;
    } finally {
      release();
    }
  }

  /** Once for --watch, too. */
  private async tellOfChecks({ state: { services = [] } }: Desired): Promise<void> {
    if (this.hasToldOfChecks || this.values.dryRun || !services.some(({ checks }) => checks)) return;
    this.hasToldOfChecks = true;
    await this.context.err.write(
      'lvsadm: checks are not run by apply: lvsadm run runs them, lvsadm health check once\n',
    );
  }

  private async show(plan: Plan, { holds }: Desired, client: IpvsClient): Promise<number> {
    const notes = { losses: await lossesOf(plan, client), holds, now: this.context.date().getTime() };
    const text = this.values.json ? toJson(planJson(plan, notes)) : renderPlan(plan, this.theme, notes);
    await this.context.out.write(text);
    return DONE;
  }

  private async tell(
    reconciliation: Reconciliation,
    wayBack: WayBack,
    interrupted: string,
    occasion?: Occasion,
  ): Promise<number> {
    const time = this.context.date();
    const text = this.values.json
      ? toJson({
          ...(occasion && { time: timeText(time), cause: occasion.cause, files: occasion.files }),
          ...reconciliationJson(reconciliation, reasonOf),
          confirm: wayBack.json,
        })
      : (occasion ? occasionText(occasion, time) : '') +
        renderReconciliation(reconciliation, this.theme, reasonOf) +
        wayBack.text;
    // Before the result, whose output may fail.
    await this.context.err.write(refusals(reconciliation, reasonOf) + interrupted);
    await this.context.out.write(text);
    return statusOf(reconciliation);
  }

  private lock(): Promise<() => void> {
    const { context, values } = this;
    const doing = 'applying a document here';
    return this.store.lock('apply', doing, {
      wait: values.wait * 1000,
      waiting: (holder) => void context.err.write(`waiting for ${holder}, which is ${doing}\n`),
    });
  }

  private reconcile(
    client: IpvsClient,
    desired: Desired,
    change: TableChange,
    wayBack: WayBack,
    pass?: Pass,
  ): Promise<Reconciliation> {
    const { drain } = this.values;
    const plan = (current: State) => this.planned(current, desired);
    // Where --watch takes back what others change, the documents are the record: it would push those of administrators out.
    return wayBack.make(change, { desired, drain, plan }, client, pass?.cause !== 'drift');
  }

  /** @throws UsageError if it would remove the last service without --allow-empty, or more than --max-remove allows */
  private planned(current: State, desired: Desired): Plan {
    const plan = planFor(current, desired);
    const { allowEmpty, maxRemove = this.values.watch ? watchLimit : undefined } = this.values;
    checkRemovals(plan, allowEmpty, maxRemove);
    return plan;
  }
}

const isUnchanged = ({ settings, outcomes }: Reconciliation): boolean =>
  settings.length + outcomes.length === 0;

const causes: Readonly<Record<Occasion['cause'], string>> = {
  start: 'first application',
  change: 'changed',
  drift: 'another program changed the table',
};

/** `2026-11-29T18:20:37Z web.yaml: changed` */
const occasionText = ({ cause, files }: Occasion, time: Date): string =>
  `${timeText(time)} ${printable(someNames(files))}: ${causes[cause]}\n`;

const timeText = (time: Date): string => time.toISOString().replace(/\.\d+/, '');
