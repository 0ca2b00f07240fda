/**
 * Replaces the table by the rules of an input. The table ends as it would after a clear and these rules, but what stays the same is not
 * touched: it keeps connections and counters, and no packet is dropped.
 */
import { KernelError } from '../../errors.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { mayBeRace, type Outcome, reconcile } from '../../plan/apply.js';
import { readState } from '../../plan/current.js';
import { diff } from '../../plan/diff.js';
import type { Plan } from '../../plan/plan.js';
import { withoutRemovals } from '../../plan/policy.js';
import type { Command } from '../grammar/command.js';
import type { Session } from '../name-lookup.js';
import type { Step } from './batches.js';
import { type Execute, endsInput, REFUSED, type Refused, report } from './execution.js';
import { type Line, RulesTable } from './rules-table.js';

/**
 * Replaces a table that has services.
 * @param before number of changes at the start that come before the clear
 * @returns the exit status of the last line
 */
export async function replace(
  steps: readonly Step[],
  before: number,
  session: Session,
  execute: Execute,
): Promise<number> {
  const replacement = new Replacement(await session.context.client(), session);
  for (const [index, item] of (await itemsOf(steps, session)).entries()) {
    if ('change' in item) await (index < before ? replacement.carryOut(item) : replacement.add(item));
    else {
      await replacement.finish();
      const status = await execute(item.command, session);
      if (endsInput(item.command, status)) return status;
    }
  }
  return replacement.finish();
}

async function itemsOf(
  steps: readonly Step[],
  session: Session,
): Promise<(Line | { readonly command: Command })[]> {
  const items = [];
  for (const step of steps) {
    if (step.do === 'command') items.push({ command: step.command });
    if (step.do !== 'changes') continue;
    for (let index = 0; index < step.changes.count; index++) {
      items.push({ change: await step.changes.change(index, session), number: step.changes.number(index) });
    }
  }
  return items;
}

/** The rules that were read so far, and how far the kernel has them. */
class Replacement {
  /** The kernel's table is to become this one; at the start, an empty one. */
  private table = new RulesTable(new Map());
  private isFinished = false;
  /** The lines that the table comes from. */
  private readonly rules: Line[] = [];
  /** Rules that the kernel refuses: they count as missing. */
  private readonly refused = new Map<Line, KernelError>();
  /** The number of the last rule that the kernel was asked about. */
  private tried = 0;
  /** Lines of -Z, which wait until the services before them are there. */
  private zeros: Line[] = [];
  /** The lines whose errors are not reported yet, and errors of those that the table does not refuse. */
  private unreported: Line[] = [];
  private readonly errors = new Map<Line, KernelError>();

  constructor(
    private readonly client: IpvsClient,
    private readonly session: Session,
  ) {}

  /** Adds a line. What it changes may wait until `finish`. */
  async add(line: Line): Promise<void> {
    const { change } = line;
    if (change.do === 'setTimeouts') return this.carryOut(line);
    if (change.do === 'startDaemon' || change.do === 'stopDaemon') {
      // The kernel has either daemons or servers of another family, so the order counts.
      await this.tryRules();
      return this.carryOut(line);
    }
    if (this.table.hides(change, this.tried)) await this.tryRules();
    this.unreported.push(line);
    this.rules.push(line);
    this.table.add(line);
    if (change.do === 'zeroAll' || change.do === 'zeroService') this.zeros.push(line);
    else this.isFinished = false;
  }

  /** Carries out a line at once. */
  async carryOut(line: Line): Promise<void> {
    this.unreported.push(line);
    const [error] = await this.client.applyAll([line.change]);
    if (error !== undefined) this.errors.set(line, error);
  }

  /** Makes the table as all lines so far do, and reports those that were refused. @returns the exit status of the last one */
  async finish(): Promise<number> {
    if (!this.isFinished) {
      if (this.table.isEmpty) await this.client.apply({ do: 'flush' });
      else await this.reconcile((plan) => plan);
    }
    this.isFinished = true;
    await this.zero();
    const { refusals } = this.table;
    const refused = this.unreported.flatMap((line): Refused[] => {
      const error = refusals.get(line) ?? this.errors.get(line);
      return error === undefined ? [] : [{ ...line, error }];
    });
    await report(refused, this.session);
    const last = this.unreported.at(-1)?.number;
    this.unreported = [];
    return last !== undefined && refused.at(-1)?.number === last ? REFUSED : 0;
  }

  /** Asks the kernel about the rules so far, and removes nothing: later rules may name it again. */
  private async tryRules(): Promise<void> {
    if ((this.rules.at(-1)?.number ?? 0) > this.tried) await this.reconcile(withoutRemovals);
  }

  /** Makes the kernel's table as the rules do. Where the kernel refuses one, the table is made again without it. */
  private async reconcile(policy: (plan: Plan) => Plan): Promise<void> {
    const { client } = this;
    for (;;) {
      const { outcomes } = await reconcile({
        client,
        read: () => readState(client),
        plan: (current) => policy(diff(current, { services: this.table.services })),
      });
      const refused = outcomes.filter(({ result }) => result === 'refused');
      const final = refused.filter((outcome) => !mayBeRace(outcome));
      for (const outcome of final) this.refuse(outcome, this.refused);
      if (final.length === 0) {
        for (const outcome of refused) this.refuse(outcome, this.errors);
        if (refused.length > 0) await this.addSkipped(outcomes);
        break;
      }
      this.table = new RulesTable(this.refused);
      for (const line of this.rules) this.table.add(line);
    }
    this.tried = this.rules.at(-1)?.number ?? 0;
  }

  /** Others kept changing the table, so nothing more is removed. */
  private async addSkipped(outcomes: readonly Outcome[]): Promise<void> {
    const skipped = outcomes.filter(
      ({ change, result }) => result === 'skipped' && this.table.lineOf(change) !== undefined,
    );
    const errors = await this.client.applyAll(skipped.map(({ change }) => change));
    for (const [index, { change }] of skipped.entries()) {
      this.refuse({ change, result: 'refused', error: errors[index] }, this.errors);
    }
  }

  /** Notes the error of the line that a change comes from. @throws KernelError of a removal */
  private refuse({ change, error }: Outcome, errors: Map<Line, KernelError>): void {
    if (error === undefined) return;
    const line = this.table.lineOf(change);
    if (line === undefined) throw error;
    errors.set(line, new KernelError(line.change.do, error.errno, error.object, error.detail));
  }

  private async zero(): Promise<void> {
    const { refusals } = this.table;
    const zeros = this.zeros.filter(
      (line) => !refusals.has(line) && (line.change.do !== 'zeroService' || this.table.has(line.change.id)),
    );
    this.zeros = [];
    const errors = await this.client.applyAll(zeros.map(({ change }) => change));
    for (const [index, error] of errors.entries()) {
      if (error !== undefined) this.errors.set(zeros[index] as Line, error);
    }
  }
}
