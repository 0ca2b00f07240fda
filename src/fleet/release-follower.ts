/** A director that follows the target: it applies the release that is meant for it, and keeps the last one that it has applied. */
import { LvsadmError, StoreError } from '../errors.js';
import { passed } from '../system/clock.js';
import { followRange } from './followed-range.js';
import { TARGET } from './layout.js';
import {
  firstLine,
  type LastGood,
  LONGEST_ERROR,
  type MemberPorts,
  type ProblemLog,
} from './member-ports.js';
import type { NodeReport, Target } from './records.js';
import { findRelease, lacksDocuments, readDocuments, targetIn } from './releases.js';
import { type Applied, assignment, type Mark } from './rollout.js';
import type { Entry, FleetStore } from './store.js';

/** A target that is being taken. */
interface Attempt {
  readonly id: string | undefined;
  readonly stop: AbortController;
  /** Resolves when it has been taken, or has failed. */
  readonly done: Promise<void>;
}

/** Milliseconds in which each director of a fleet begins to read a release, for each of them, and at most. */
const PAUSE_PER_DIRECTOR = 1;
const LONGEST_PAUSE = 30_000;

type Outcome = Pick<NodeReport, 'tried' | 'result' | 'error'>;

export class ReleaseFollower {
  /** What became of the last target that was tried. */
  outcome: Outcome = { tried: 0, result: 'none' };
  /** As it was read last. */
  target: Target | undefined;
  /** How often the store has lost its target, and perhaps everything else. */
  losses = 0;
  /** Why the last release could not be kept for a restart. */
  unsaved: string | undefined;
  /** Whether the last release has been applied since the start. */
  isInForce = false;
  private starting: Promise<void> | undefined;

  /** @param last what an earlier run has applied */
  constructor(
    private readonly ports: MemberPorts,
    private readonly problems: ProblemLog,
    public last: LastGood | undefined,
  ) {}

  /** Tries again to keep the last release for a restart, if the disk refused or was slow. */
  async keepAgain(): Promise<void> {
    if (this.unsaved !== undefined && this.last) this.unsaved = await this.ports.remember(this.last);
  }

  /** Applies what ran before, unless that is under way or done. */
  applyLast(stop: AbortSignal): Promise<void> {
    this.starting ??= this.applyAgain(stop).finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  /** Follows the target: the newest one is taken, whatever came before it meanwhile. @throws StoreError */
  async follow(store: FleetStore, signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    let attempt: Attempt | undefined;
    const take = async (entries: readonly Entry[]): Promise<void> => {
      const target = this.targetIn(entries, store);
      if (target === 'unreadable') return;
      if (attempt !== undefined && target?.id !== attempt.id) attempt.stop.abort();
      await attempt?.done;
      const stop = new AbortController();
      const done = this.take(store, target, AbortSignal.any([signal, stop.signal])).catch((error: unknown) =>
        failed.abort(error),
      );
      attempt = { id: target?.id, stop, done };
    };
    try {
      await followRange(store, TARGET, this.ports.clock, AbortSignal.any([signal, failed.signal]), take);
      if (failed.signal.aborted) throw failed.signal.reason;
    } finally {
      attempt?.stop.abort();
      await attempt?.done;
    }
  }

  private async applyAgain(stop: AbortSignal): Promise<void> {
    const { last } = this;
    if (last === undefined || this.isInForce) return;
    try {
      await this.ports.apply(last.documents, 'start', stop);
      this.isInForce = true;
      this.outcome = { tried: last.sequence, result: 'applied' };
      // Written anew, because the file of an earlier version may be readable by all.
      this.unsaved = await this.ports.remember(last);
    } catch (error) {
      if (!(error instanceof LvsadmError)) throw error;
      if (stop.aborted) return;
      this.refused(last.sequence, 'refused', error);
      this.problems.tell(
        `release ${last.release}, which ran here before, was not applied: ${firstLine(error)}`,
      );
    }
  }

  /** A target that cannot be read changes nothing, and is reported: another one will come. */
  private targetIn(entries: readonly Entry[], { name }: FleetStore): Target | undefined | 'unreadable' {
    try {
      return targetIn({ entries }, name).target;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.refused(this.last?.sequence ?? 0, 'refused', error);
      this.problems.tell(`${firstLine(error)}; what runs here stays`);
      return 'unreadable';
    }
  }

  private async take(store: FleetStore, target: Target | undefined, stop: AbortSignal): Promise<void> {
    const { node } = this.ports;
    if (this.target !== undefined && target === undefined) this.losses++;
    this.target = target;
    if (target === undefined) {
      if (this.last !== undefined)
        this.problems.tell('the store has no target any more; what runs here stays');
      return;
    }
    const { last } = this;
    const task = assignment(target, node, last);
    if ('refuse' in task) {
      this.outcome = { tried: target.sequence, result: 'refused', error: task.refuse };
      this.problems.tell(`${task.refuse}; what runs here stays`);
      return;
    }
    if ('stay' in task || last?.id === task.run.id) {
      await this.applyLast(stop);
      if (this.isInForce) this.problems.solved();
      return;
    }
    await this.change(store, task.run, target, stop);
  }

  /** Applies another release. */
  private async change(store: FleetStore, mark: Mark, target: Target, stop: AbortSignal): Promise<void> {
    const next: Applied = { ...mark, fleet: target.fleet };
    const { apply, condition, remember, tell } = this.ports;
    const { release, sequence } = next;
    try {
      const found = await findRelease(store, release);
      const known = this.last?.documents ?? [];
      if (lacksDocuments(found, known)) await this.pauseAmong(target.directors, stop);
      const documents = await readDocuments(store, found, known);
      const { down } = condition().health;
      await apply(documents, target.cause, stop);
      this.last = { ...next, documents, downBefore: down };
      this.isInForce = true;
      this.outcome = { tried: sequence, result: 'applied' };
      this.unsaved = await remember(this.last);
      this.problems.solved();
      tell(`release ${release} has been applied`);
    } catch (error) {
      if (!(error instanceof LvsadmError)) throw error;
      // A store that does not answer is asked again; and a newer target is taken instead.
      if (error instanceof StoreError && error.kind !== 'invalid') throw error;
      if (stop.aborted) return;
      this.refused(sequence, error instanceof StoreError ? 'failed' : 'refused', error);
      this.problems.tell(`release ${release} was not applied: ${firstLine(error)}`);
    }
  }

  /** Directors that read the same documents at once would wait for each other. */
  private async pauseAmong(directors = 0, stop: AbortSignal): Promise<void> {
    const { clock, random } = this.ports;
    await passed(clock, random() * Math.min(directors * PAUSE_PER_DIRECTOR, LONGEST_PAUSE), stop);
  }

  private refused(tried: number, result: 'refused' | 'failed', error: LvsadmError): void {
    this.outcome = { tried, result, error: firstLine(error).slice(0, LONGEST_ERROR) };
  }
}
