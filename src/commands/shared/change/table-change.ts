/** A desired state is made so in the kernel: with the fallback flags, the drains and the way back that go with it. */
import type { Context } from '../../../context.js';
import { KernelError, type LvsadmError } from '../../../errors.js';
import type { IpvsClient } from '../../../ipvs/client.js';
import { refusal } from '../../../messages.js';
import type { Service } from '../../../model/service.js';
import type { State } from '../../../model/state.js';
import { interruptedAt } from '../../../output/outcome.js';
import { Progress } from '../../../output/progress.js';
import { type Reconciliation, reconcile } from '../../../plan/apply.js';
import { weightChange } from '../../../plan/drain.js';
import type { Plan } from '../../../plan/plan.js';
import type { Store } from '../../../system/files/store.js';
import { Fallbacks } from '../holds/fallbacks.js';
import { RemovalDrain } from '../holds/removal-drain.js';
import { failureText } from '../reading-client.js';
import { describeServer } from '../server.js';
import { checkDaemonLinks } from './daemon-links.js';
import { type Desired, readCurrent, settingWriter } from './desired-state.js';
import type { Interruption } from './interruption.js';

export interface ChangeRequest {
  readonly desired: Desired;
  /** @throws UsageError for a plan that is not to be carried out */
  plan(current: State): Plan;
  /** Called with the plan before the first change. What it throws keeps the changes from being made. */
  begin(plan: Plan): Promise<void>;
  /** Seconds to wait for the connections of servers that are removed; undefined: they are removed at once. */
  readonly drain?: number | undefined;
  /** Whether what was done is taken back unless all is done. */
  readonly isAtomic?: boolean;
  /**
   * Whether a refusal leaves out its own service or setting alone, and links of sync daemons are the kernel's to judge: all that can be
   * done is done.
   */
  readonly isBestEffort?: boolean;
}

export class TableChange {
  private readonly progress: Progress;
  private drain: RemovalDrain | undefined;
  private hasSent = false;

  constructor(
    private readonly context: Context,
    private readonly client: IpvsClient,
    private readonly store: Store,
    /** Undefined for a change that no signal interrupts. */
    private readonly interruption: Interruption | undefined,
  ) {
    this.progress = new Progress(context.err);
  }

  /** @throws what `reconcile` throws */
  async make({
    desired,
    begin,
    isAtomic = false,
    isBestEffort = false,
    ...request
  }: ChangeRequest): Promise<Reconciliation> {
    const { context, client, interruption } = this;
    let plan: Plan | undefined;
    const fallbacks = new Fallbacks(client, this.store, context.err);
    this.drain = this.drainOf(request.drain, fallbacks);
    try {
      const set = settingWriter(context);
      const reconciliation = await reconcile({
        client: {
          applyAll: (changes) => {
            this.hasSent = true;
            return client.applyAll(changes);
          },
        },
        isAtomic,
        refusalSkips: isBestEffort ? 'service alone' : 'all',
        toleratesRefusedSettings: isBestEffort,
        begin,
        read: async () => {
          const current = await readCurrent(client, desired, context);
          // Plans of --only have no daemons.
          if (desired.only.length === 0 && !isBestEffort) {
            await checkDaemonLinks(current.daemons, desired.state.daemons ?? [], context);
          }
          return current;
        },
        plan: (current) => {
          plan = request.plan(current);
          return plan;
        },
        set: async (name, value) => {
          await set(name, value);
          this.hasSent = true;
        },
        before: async (stage) => {
          this.hasSent ||= this.drain !== undefined;
          if (plan !== undefined) await this.drain?.before(stage, plan);
        },
        beforeTakenBack: () =>
          (this.drain?.quiesced ?? []).map((member) => weightChange(member, member.destination.weight)),
        progress: (done, total) => this.progress.bar(done, total),
        stopRequested: async () => (await interruption?.noticed()) ?? false,
      });
      // The document's flags hold, also where it has a server at weight 0; but servers that could not be removed still need the flag.
      await fallbacks.giveBack(reconciliation.converged && plan ? documented(plan) : []);
      return reconciliation;
    } catch (error) {
      // The next application tries again if this fails, too.
      await fallbacks.giveBack().catch(() => {});
      throw error;
    } finally {
      this.progress.clear();
    }
  }

  /** Whether the kernel may have made a part of the change. */
  get hasBegun(): boolean {
    return this.hasSent;
  }

  /** Whether a drain has set weights to 0, which are no outcomes of the reconciliation. */
  get hasDrained(): boolean {
    return (this.drain?.quiesced ?? []).length > 0;
  }

  /** How far an interrupted change came, and which servers its drain left at weight 0. */
  interruptionText(reconciliation: Reconciliation): string {
    if (!reconciliation.interrupted) return '';
    const quiesced = reconciliation.takenBack === undefined ? (this.drain?.quiesced ?? []) : [];
    const atZero = quiesced.map(
      (member) => `${describeServer(member)} is at weight 0 (before: ${member.destination.weight})`,
    );
    return [interruptedAt(reconciliation), ...atZero]
      .map((text) => `lvsadm: interrupted: ${text}\n`)
      .join('');
  }

  private drainOf(seconds: number | undefined, fallbacks: Fallbacks): RemovalDrain | undefined {
    const { context, client, interruption } = this;
    if (!seconds) return undefined;
    return new RemovalDrain(fallbacks, context.err, {
      client,
      limit: seconds * 1000,
      now: context.now,
      sleep: (interruption ?? context).sleep,
      progress: (left) => this.progress.line(`draining: ${left} connections left`),
      stopRequested: () => interruption?.requested ?? false,
    });
  }
}

/** The services that are as a document has them once its plan is carried out. */
const documented = ({ services }: Plan): Service[] => services.flatMap(({ after }) => after ?? []);

/** Why the kernel refused a change, or what else kept changes from being made; empty for one that was done. */
export function reasonOf({ error }: { readonly error?: LvsadmError | undefined }): string {
  if (error === undefined) return '';
  return error instanceof KernelError ? refusal(error.about('')) : failureText(error);
}
