/** `lvsadm apply`: makes the table match a document. */
import type { Context } from '../context.js';
import { type NamedText, requireEnds } from '../document/load.js';
import { UsageError } from '../errors.js';
import { printable } from '../foreign-text.js';
import type { IpvsClient } from '../ipvs/client.js';
import { refusal } from '../messages.js';
import type { Service } from '../model/service.js';
import type { State } from '../model/state.js';
import { toJson } from '../output/json.js';
import { interruptedAt, reconciliationJson, refusals, renderReconciliation } from '../output/outcome.js';
import { planJson, renderPlan } from '../output/plan.js';
import { Progress } from '../output/progress.js';
import { type Theme, themeFor } from '../output/theme.js';
import { type Outcome, type Reconciliation, reconcile } from '../plan/apply.js';
import { lossesOf } from '../plan/losses.js';
import type { Plan } from '../plan/plan.js';
import type { Store } from '../system/store.js';
import { defineCommand, type Options, type Values } from './command.js';
import { checkDaemonLinks } from './shared/daemon-links.js';
import {
  type Desired,
  desiredOptions,
  planFor,
  readCurrent,
  readDesired,
  readDesiredAgain,
  settingWriter,
} from './shared/desired-state.js';
import { Fallbacks } from './shared/fallbacks.js';
import { Interruption } from './shared/interruption.js';
import { RemovalDrain } from './shared/removal-drain.js';
import { checkRemovals, removalOptions, watchLimit } from './shared/removal-limits.js';
import { describeServer, someNames } from './shared/server.js';
import { openStore, runDirOption, stateDirOption } from './shared/store.js';
import type { Occasion, Pass } from './shared/watch.js';

const DONE = 0;
const NOT_DONE = 1;

const options = {
  ...desiredOptions,
  'dry-run': { type: 'flag', describe: 'show the changes without making them' },
  ...removalOptions,
  drain: {
    type: 'seconds',
    describe: 'before a server is removed, wait at most this long for its connections to end',
    defaultText: 'remove it at once',
  },
  wait: { type: 'seconds', default: 30, describe: 'time to wait for another apply to finish' },
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
    1: 'the kernel refused a change',
    2: 'the document or the command line is wrong; nothing was changed',
    75: 'another apply did not finish in time',
    130: 'interrupted by SIGINT (143: by SIGTERM); standard error tells what was done and what was not',
  },
  async run(context, values) {
    const application = new Application(context, values, await themeFor(context.out, context.env));
    if (!values.watch) return application.once();
    if (values.dryRun) throw new UsageError('cannot be combined with --dry-run', '--watch');
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
  private readonly progress: Progress;
  private readonly store: Store;
  /** What --watch applied last. */
  private applied: readonly NamedText[] = [];
  private drain: RemovalDrain | undefined;
  private hasToldOfChecks = false;

  constructor(
    private readonly context: Context,
    private readonly values: Values<typeof options>,
    private readonly theme: Theme,
  ) {
    this.progress = new Progress(context.err);
    this.store = openStore(context, values.runDir);
  }

  /**
   * @param pass of --watch, which writes nothing if nothing changes
   * @returns the exit status
   */
  async once(pass?: Pass): Promise<number> {
    const { context, values } = this;
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
      const reconciliation = await this.reconcile(client, desired, interruption);
      if (pass && isUnchanged(reconciliation)) return DONE;
      const status = await this.tell(reconciliation, pass);
      return reconciliation.interrupted && interruption ? interruption.status : status;
    } finally {
      this.progress.clear();
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

  private async tell(reconciliation: Reconciliation, occasion?: Occasion): Promise<number> {
    this.progress.clear();
    const time = this.context.date();
    const text = this.values.json
      ? toJson({
          ...(occasion && { time: timeText(time), cause: occasion.cause, files: occasion.files }),
          ...reconciliationJson(reconciliation, reason),
        })
      : (occasion ? occasionText(occasion, time) : '') +
        renderReconciliation(reconciliation, this.theme, reason);
    // Before the result, whose output may fail.
    await this.context.err.write(refusals(reconciliation, reason) + this.interruptionText(reconciliation));
    await this.context.out.write(text);
    return reconciliation.converged ? DONE : NOT_DONE;
  }

  /** How far an interrupted apply came, and which servers its drain left at weight 0. */
  private interruptionText(reconciliation: Reconciliation): string {
    if (!reconciliation.interrupted) return '';
    const atZero = (this.drain?.quiesced ?? []).map(
      (member) => `${describeServer(member)} is at weight 0 (before: ${member.destination.weight})`,
    );
    return [interruptedAt(reconciliation), ...atZero]
      .map((text) => `lvsadm: interrupted: ${text}\n`)
      .join('');
  }

  private lock(): Promise<() => void> {
    const { context, values } = this;
    const doing = 'applying a document here';
    return this.store.lock('apply', doing, {
      wait: values.wait * 1000,
      waiting: (holder) => void context.err.write(`waiting for ${holder}, which is ${doing}\n`),
    });
  }

  private async reconcile(
    client: IpvsClient,
    desired: Desired,
    interruption?: Interruption,
  ): Promise<Reconciliation> {
    let plan: Plan | undefined;
    const fallbacks = new Fallbacks(client, this.store, this.context.err);
    const drain = this.drainOf(client, fallbacks, interruption);
    this.drain = drain;
    const reconciliation = await reconcile({
      client,
      read: async () => {
        const current = await readCurrent(client, desired, this.context);
        // Plans of --only have no daemons.
        if (desired.only.length === 0) {
          await checkDaemonLinks(current.daemons, desired.state.daemons ?? [], this.context);
        }
        return current;
      },
      plan: (current) => {
        plan = this.planned(current, desired);
        return plan;
      },
      set: settingWriter(this.context),
      before: async (stage) => {
        if (plan !== undefined) await drain?.before(stage, plan);
      },
      progress: (done, total) => this.progress.bar(done, total),
      stopRequested: async () => (await interruption?.noticed()) ?? false,
    }).catch(async (error: unknown) => {
      // The next application tries again if this fails, too.
      await fallbacks.giveBack().catch(() => {});
      throw error;
    });
    // The document's flags hold, also where it has a server at weight 0; but servers that could not be removed still need the flag.
    await fallbacks.giveBack(reconciliation.converged && plan ? documented(plan) : []);
    return reconciliation;
  }

  /** @throws UsageError if it would remove the last service without --allow-empty, or more than --max-remove allows */
  private planned(current: State, desired: Desired): Plan {
    const plan = planFor(current, desired);
    const { allowEmpty, maxRemove = this.values.watch ? watchLimit : undefined } = this.values;
    checkRemovals(plan, allowEmpty, maxRemove);
    return plan;
  }

  /** Undefined without --drain. */
  private drainOf(
    client: IpvsClient,
    fallbacks: Fallbacks,
    interruption: Interruption | undefined,
  ): RemovalDrain | undefined {
    const { now, err } = this.context;
    const { sleep } = interruption ?? this.context;
    const { drain } = this.values;
    if (!drain) return undefined;
    return new RemovalDrain(fallbacks, err, {
      client,
      limit: drain * 1000,
      now,
      sleep,
      progress: (left) => this.progress.line(`draining: ${left} connections left`),
      stopRequested: () => interruption?.requested ?? false,
    });
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

/** The services that are as a document has them once its plan is carried out. */
const documented = ({ services }: Plan): Service[] => services.flatMap(({ after }) => after ?? []);

const reason = ({ error }: Outcome): string => (error === undefined ? '' : refusal(error.about('')));
