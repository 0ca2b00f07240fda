/** `lvsadm apply`: makes the table what a document says. */
import type { ArgumentsCamelCase } from 'yargs';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import type { IpvsClient } from '../ipvs/client.js';
import { refusal } from '../messages.js';
import type { Change } from '../model/change.js';
import { toJson } from '../output/json.js';
import { reconciliationJson, renderReconciliation } from '../output/outcome.js';
import { planJson, renderPlan } from '../output/plan.js';
import { Progress } from '../output/progress.js';
import { type Theme, themeFor } from '../output/theme.js';
import { type Outcome, type Reconciliation, reconcile } from '../plan/apply.js';
import type { Compared } from '../plan/current.js';
import { type Draining, drainLeaving } from '../plan/drain.js';
import type { Plan } from '../plan/plan.js';
import { empties } from '../plan/policy.js';
import type { Stage } from '../plan/stages.js';
import { takeLock } from '../system/lock.js';
import { stateFile } from '../system/state-dir.js';
import type { Command } from './command.js';
import {
  desiredOptions,
  desiredRepeatable,
  planFor,
  readTable,
  readWish,
  type Wish,
  words,
} from './shared/desired-state.js';
import { seconds } from './shared/seconds.js';

const DONE = 0;
const NOT_DONE = 1;

export const command: Command = {
  options: {
    ...desiredOptions,
    'dry-run': { type: 'boolean', default: false, describe: 'show what would change, and change nothing' },
    'allow-empty': { type: 'boolean', default: false, describe: 'let --prune remove the last service' },
    drain: {
      type: 'string',
      requiresArg: true,
      describe: 'before a server is removed, wait so many seconds at most for its connections to leave',
    },
    wait: {
      type: 'string',
      requiresArg: true,
      default: '30',
      describe: 'seconds to wait for another apply to finish',
    },
    watch: {
      type: 'boolean',
      default: false,
      describe: 'stay, apply again when a file changes, and repair what others change',
    },
    interval: {
      type: 'string',
      requiresArg: true,
      default: '30',
      describe: 'seconds after which --watch looks at the table again',
    },
    json: { type: 'boolean', default: false, describe: 'write what was done as JSON' },
  },
  repeatable: desiredRepeatable,
  build: (yargs) =>
    yargs.epilogue(
      'Exit status: 0 the table is as the document says, 1 the kernel refused a change, 2 something is wrong with the ' +
        'document or the command line and nothing was touched, 75 another apply did not finish in time.',
    ),
  async run(context, values) {
    const application = new Application(context, values, await themeFor(context.out, context.env));
    if (!values['watch']) return application.once();
    if (application.files.includes('-')) throw new UsageError('standard input cannot be watched', '--watch');
    const interval = seconds('interval', values['interval']);
    const { watchFiles } = await import('./shared/watch.js');
    await watchFiles(application.files, interval, context, () => application.once({ quiet: true }));
    return DONE;
  },
};

class Application {
  readonly files: readonly string[];
  private readonly drain: number;
  private readonly wait: number;
  private readonly progress: Progress;

  constructor(
    private readonly context: Context,
    private readonly values: ArgumentsCamelCase,
    private readonly theme: Theme,
  ) {
    this.files = words(values['file']);
    this.drain = values['drain'] === undefined ? 0 : seconds('drain', values['drain']);
    this.wait = seconds('wait', values['wait']);
    this.progress = new Progress(context.err);
  }

  /**
   * @param quiet says nothing where nothing was to be done
   * @returns the exit status
   */
  async once({ quiet = false } = {}): Promise<number> {
    const { context, values } = this;
    const wish = await readWish(context, values);
    const client = await context.client();
    if (values['dryRun']) return this.show(this.planned(await readTable(client, wish), wish));
    const release = await this.lock();
    try {
      const reconciliation = await this.reconcile(client, wish);
      if (quiet && reconciliation.outcomes.length === 0) return DONE;
      return await this.tell(reconciliation);
    } finally {
      this.progress.clear();
      await release();
    }
  }

  private async show(plan: Plan): Promise<number> {
    const text = this.values['json'] ? toJson(planJson(plan)) : renderPlan(plan, this.theme);
    await this.context.out.write(text);
    return DONE;
  }

  private async tell(reconciliation: Reconciliation): Promise<number> {
    this.progress.clear();
    const text = this.values['json']
      ? toJson(reconciliationJson(reconciliation, reason))
      : renderReconciliation(reconciliation, this.theme, reason);
    await this.context.out.write(text);
    return reconciliation.converged ? DONE : NOT_DONE;
  }

  private async lock(): Promise<() => Promise<void>> {
    const { now, sleep, err, files } = this.context;
    return takeLock(stateFile('apply.lock', this.context).path, files, {
      wait: this.wait * 1000,
      now,
      sleep,
      waiting: (pid) => void err.write(`waiting for process ${pid}, which is applying a document here\n`),
    });
  }

  private async reconcile(client: IpvsClient, wish: Wish): Promise<Reconciliation> {
    let plan: Plan | undefined;
    let drained: Plan | undefined;
    const restorations: Change[] = [];
    try {
      return await reconcile({
        client,
        read: () => readTable(client, wish),
        plan: (compared) => {
          plan = this.planned(compared, wish);
          return plan;
        },
        before: async (stage) => {
          if (this.drain === 0 || plan === undefined || plan === drained || !removes(stage)) return;
          drained = plan;
          restorations.push(...(await drainLeaving(plan, this.draining(client))));
        },
        progress: (done, total) => this.progress.bar(done, total),
      });
    } finally {
      if (restorations.length > 0) await client.applyAll(restorations);
    }
  }

  /** @throws UsageError when it would leave a table without services, and nobody said that it may */
  private planned(compared: Compared, wish: Wish): Plan {
    const plan = planFor(compared, wish);
    if (empties(plan) && !this.values['allowEmpty']) {
      throw new UsageError('the document would leave no service; --allow-empty lets it', '--prune');
    }
    return plan;
  }

  private draining(client: IpvsClient): Draining {
    const { now, sleep } = this.context;
    const progress = (left: number) => this.progress.line(`draining: ${left} connections left`);
    return { client, limit: this.drain * 1000, now, sleep, progress };
  }
}

const removes = (stage: Stage): boolean =>
  stage.some((change) => change.do === 'deleteDestination' || change.do === 'deleteService');

const reason = ({ error }: Outcome): string => (error === undefined ? '' : refusal(error.about('')));
