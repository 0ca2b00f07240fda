/**
 * A director in its fleet: runs the release that the target assigns to it, reports how it is, and takes part in rollouts. It keeps the
 * last release that it has applied, and goes on with that whatever becomes of the store.
 */
import { LvsadmError, StoreError } from '../errors.js';
import { type Clock, passed } from '../system/clock.js';
import { Conductor, LONGEST_LOOK } from './conductor.js';
import { LAYOUT, memberKey, nodeKey, TARGET } from './layout.js';
import {
  type HealthCount,
  type Member,
  memberRecord,
  type NodeReport,
  reportRecord,
  requireLayout,
  type Target,
} from './records.js';
import { type FleetDocument, findRelease, readDocuments, targetIn } from './releases.js';
import { type Applied, assignment, BEAT, waveOf } from './rollout.js';
import type { Entry, FleetStore, Lease, Snapshot } from './store.js';

/** The release that has been applied last, and where it is from. */
export interface LastGood extends Applied {
  readonly documents: readonly FleetDocument[];
  /** Servers that were down before it was applied. */
  readonly downBefore: number;
}

/** How the table is now. */
export interface Condition {
  /** Whether it is as the documents say. */
  readonly converged: boolean;
  /** Why it is not. */
  readonly problem?: string | undefined;
  readonly health: HealthCount;
}

/** `rollback` may remove what the releases since have brought, however much that is. */
export type ApplyCause = 'start' | Target['cause'];

export interface MemberPorts {
  /** Opens the store: certificates and passwords are read anew. @throws LvsadmError */
  connect(): FleetStore;
  readonly node: string;
  readonly member: Pick<Member, 'labels' | 'variables'>;
  /** Of lvsadm. */
  readonly version: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  random(): number;
  /** The time of day, as ISO 8601. */
  date(): string;
  /**
   * Takes documents as those that are desired, all of them or none.
   * @param stop ends the attempt: another release is to be applied, or the agent ends
   * @throws LvsadmError that says why none were taken
   */
  apply(documents: readonly FleetDocument[], cause: ApplyCause, stop: AbortSignal): Promise<void>;
  condition(): Condition;
  /** Keeps it over a restart. @throws LvsadmError */
  remember(last: LastGood): void;
  /** Takes a line for the log. */
  tell(line: string): void;
}

/** Seconds without a sign of life after which the report of a director goes. It gives one in each third of that time. */
export const LEASE = 36;

/** Milliseconds after which the target is read although the watch tells of no change: a watch can be cut off unnoticed. */
const REREAD = 240_000;

/** Milliseconds from one look at the own condition to the next. */
const LOOK = 1000;

/** Milliseconds before the first attempt to reach the store again, and at most before later ones. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

/** A target that is being taken. */
interface Attempt {
  readonly id: string | undefined;
  readonly stop: AbortController;
  /** Resolves when it has been taken, or has failed. */
  readonly done: Promise<void>;
}

type Outcome = Pick<NodeReport, 'tried' | 'result' | 'error'>;

export class FleetMember {
  private outcome: Outcome = { tried: 0, result: 'none' };
  private target: Target | undefined;
  private lastProblem: string | undefined;
  /** Whether the last release has been applied since the start. */
  private isInForce = false;
  private starting: Promise<void> | undefined;
  private readonly conductor: Conductor;

  /** @param last what an earlier run has applied */
  constructor(
    private readonly ports: MemberPorts,
    private last: LastGood | undefined,
  ) {
    this.conductor = new Conductor(ports);
  }

  /** Resolves when it is stopped. The table stays. */
  async run(stop: AbortSignal): Promise<void> {
    const { clock, random } = this.ports;
    let pause = FIRST_PAUSE;
    // What ran before is applied at once, beside the first attempt to reach the store: that may be down.
    let starting = this.applyLast(stop);
    while (!stop.aborted) {
      const begun = clock.now();
      const failure = await this.session(stop, starting).catch((error: unknown) => error);
      if (stop.aborted) break;
      if (!(failure instanceof LvsadmError)) throw failure;
      this.tellProblem(failure.message);
      if (clock.now() - begun > LONGEST_PAUSE) pause = FIRST_PAUSE;
      await passed(clock, pause * (0.5 + random()), stop);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
      starting = this.applyLast(stop);
    }
    await starting;
  }

  /** Applies what ran before, unless that is under way or done. */
  private applyLast(stop: AbortSignal): Promise<void> {
    this.starting ??= this.applyAgain(stop).finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  private async applyAgain(stop: AbortSignal): Promise<void> {
    const { last } = this;
    if (last === undefined || this.isInForce) return;
    try {
      await this.ports.apply(last.documents, 'start', stop);
      this.isInForce = true;
      this.outcome = { tried: last.sequence, result: 'applied' };
    } catch (error) {
      if (!(error instanceof LvsadmError)) throw error;
      if (stop.aborted) return;
      this.refused(last.sequence, 'refused', error);
      this.tellProblem(
        `release ${last.release}, which ran here before, was not applied: ${firstLine(error)}`,
      );
    }
  }

  /** From one connection to the store to its end. @throws StoreError */
  private async session(stop: AbortSignal, starting: Promise<void>): Promise<void> {
    const store = this.ports.connect();
    try {
      await this.requireFleet(store);
      await starting;
      await this.takePart(store, stop);
    } finally {
      store.close();
    }
  }

  private async takePart(store: FleetStore, stop: AbortSignal): Promise<void> {
    const { clock } = this.ports;
    const lease = await store.lease(LEASE);
    const end = new AbortController();
    const signal = AbortSignal.any([stop, end.signal, lease.lost]);
    try {
      await this.register(store);
      const parts = [
        this.follow(store, signal),
        this.keepReporting(store, lease, signal),
        this.conduct(store, lease, signal),
      ];
      const ended = Promise.race(parts);
      await ended.finally(async () => {
        end.abort();
        await Promise.allSettled(parts);
      });
      if (lease.lost.aborted)
        throw new StoreError('unreachable', 'renew the lease', store.name, 'it has ended');
    } finally {
      end.abort();
      // Otherwise it would be renewed for ever, and keep what was written under it.
      await Promise.race([lease.release(), passed(clock, RELEASE_PATIENCE, new AbortController().signal)]);
    }
  }

  /** @throws StoreError for a store without the fleet of the release that runs here */
  private async requireFleet(store: FleetStore): Promise<void> {
    const attempted = 'take part in the fleet';
    const [entry] = (await store.read(LAYOUT)).entries;
    if (entry === undefined) {
      const reason =
        'it has no fleet; lvsadm fleet push makes one' + (this.last ? '; what runs here stays' : '');
      throw new StoreError('invalid', attempted, store.name, reason);
    }
    const { fleet } = requireLayout(entry, store.name);
    if (this.last === undefined || this.last.fleet === fleet) return;
    const reason = `it is the store of another fleet (${fleet}) than that of release ${this.last.release}, which runs here (${this.last.fleet})`;
    throw new StoreError('invalid', attempted, store.name, reason);
  }

  private async register(store: FleetStore): Promise<void> {
    const { node, member, date } = this.ports;
    const key = memberKey(node);
    const [entry] = (await store.read(key)).entries;
    const known = entry && readable(entry, store.name);
    const { labels, variables } = member;
    if (known && isSame(known.labels, labels) && isSame(known.variables, variables)) return;
    const value = memberRecord.format({ labels, variables, joined: known?.joined ?? date() });
    await store.commit({ comparisons: [{ key, revision: entry?.revision ?? 0 }], writes: [{ key, value }] });
  }

  /** Follows the target: the newest one is taken, whatever came before it meanwhile. */
  private async follow(store: FleetStore, signal: AbortSignal): Promise<void> {
    const { clock } = this.ports;
    let attempt: Attempt | undefined;
    let failure: unknown;
    let watch = new AbortController();
    const take = async (target: Target | undefined | 'unreadable'): Promise<void> => {
      if (target === 'unreadable') return;
      if (attempt !== undefined && target?.id !== attempt.id) attempt.stop.abort();
      await attempt?.done;
      const stop = new AbortController();
      const done = this.take(store, target, AbortSignal.any([signal, stop.signal])).catch(
        (error: unknown) => {
          failure = error;
          watch.abort();
        },
      );
      attempt = { id: target?.id, stop, done };
    };
    try {
      while (!signal.aborted) {
        const snapshot = await store.read(TARGET);
        watch = new AbortController();
        const { signal: again } = watch;
        const cancel = clock.after(REREAD, () => watch.abort());
        try {
          await take(this.targetIn(snapshot, store));
          for await (const changes of store.watch(
            TARGET,
            snapshot.revision,
            AbortSignal.any([signal, again]),
          )) {
            const entries = changes
              .slice(-1)
              .flatMap(({ key, value, revision }) => (value === undefined ? [] : [{ key, value, revision }]));
            await take(this.targetIn({ entries }, store));
          }
        } catch (error) {
          // What is there now says more than what is forgotten.
          if (!(error instanceof StoreError && error.kind === 'compacted')) throw error;
          await passed(clock, LOOK, signal);
        } finally {
          cancel();
        }
        if (failure !== undefined) throw failure;
        if (!signal.aborted) await this.register(store);
      }
    } finally {
      attempt?.stop.abort();
      await attempt?.done;
    }
  }

  /** A target that cannot be read changes nothing, and is reported: another one will come. */
  private targetIn(
    snapshot: Pick<Snapshot, 'entries'>,
    { name }: FleetStore,
  ): Target | undefined | 'unreadable' {
    try {
      return targetIn(snapshot, name).target;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.refused(this.last?.sequence ?? 0, 'refused', error);
      this.tellProblem(`${firstLine(error)}; what runs here stays`);
      return 'unreadable';
    }
  }

  private async take(store: FleetStore, target: Target | undefined, stop: AbortSignal): Promise<void> {
    const { node } = this.ports;
    this.target = target;
    if (target === undefined) {
      if (this.last !== undefined) this.tellProblem('the store has no target any more; what runs here stays');
      return;
    }
    const { last } = this;
    const task = assignment(target, node, last);
    if ('refuse' in task) {
      this.outcome = { tried: target.sequence, result: 'refused', error: task.refuse };
      this.tellProblem(`${task.refuse}; what runs here stays`);
      return;
    }
    if ('stay' in task || last?.id === task.run.id) {
      await this.applyLast(stop);
      if (this.isInForce) this.solved();
      return;
    }
    await this.change(store, { ...task.run, fleet: target.fleet }, target.cause, stop);
  }

  /** Applies another release. */
  private async change(
    store: FleetStore,
    next: Applied,
    cause: ApplyCause,
    stop: AbortSignal,
  ): Promise<void> {
    const { apply, condition, remember, tell } = this.ports;
    const { release, sequence } = next;
    try {
      const documents = await readDocuments(store, await findRelease(store, release), this.last?.documents);
      const { down } = condition().health;
      await apply(documents, cause, stop);
      this.last = { ...next, documents, downBefore: down };
      this.isInForce = true;
      this.outcome = { tried: sequence, result: 'applied' };
      remember(this.last);
      this.solved();
      tell(`release ${release} has been applied`);
    } catch (error) {
      if (!(error instanceof LvsadmError)) throw error;
      // A store that does not answer is asked again; and a newer target is taken instead.
      if (error instanceof StoreError && error.kind !== 'invalid') throw error;
      if (stop.aborted) return;
      this.refused(sequence, error instanceof StoreError ? 'failed' : 'refused', error);
      this.tellProblem(`release ${release} was not applied: ${firstLine(error)}`);
    }
  }

  private refused(tried: number, result: 'refused' | 'failed', error: LvsadmError): void {
    this.outcome = { tried, result, error: firstLine(error).slice(0, LONGEST_ERROR) };
  }

  /** Writes the report whenever it has changed, and anew when it is gone. */
  private async keepReporting(store: FleetStore, lease: Lease, signal: AbortSignal): Promise<void> {
    const { node, clock, date } = this.ports;
    const key = nodeKey(node);
    let last: string | undefined;
    // What is there at first may be of an earlier run, whose lease has not ended.
    let revision = (await store.read(key)).entries[0]?.revision ?? 0;
    let checked = clock.now();
    do {
      const report = this.report();
      const text = JSON.stringify(report);
      if (text === last && clock.now() - checked < REREAD) continue;
      checked = clock.now();
      const value = reportRecord.format({ ...report, time: date() });
      const comparisons = [{ key, revision }];
      const written = await store.commit({ comparisons, writes: [{ key, value, lease: lease.id }] });
      last = written === undefined ? undefined : text;
      revision = written ?? (await this.strangeReport(store, key));
    } while (await passed(clock, LOOK, signal));
  }

  /** @returns the revision of a report that this director has not written; 0 if its own is gone */
  private async strangeReport(store: FleetStore, key: string): Promise<number> {
    const [entry] = (await store.read(key)).entries;
    if (entry !== undefined)
      this.tellProblem(
        `another director reports as ${this.ports.node}: each needs a name of its own, --node`,
      );
    return entry?.revision ?? 0;
  }

  private report(): Omit<NodeReport, 'time'> {
    const { version, condition, clock, node } = this.ports;
    const { converged, problem, health } = condition();
    const { last, outcome, target } = this;
    const error = outcome.error ?? problem?.slice(0, LONGEST_ERROR);
    const takesPart = target?.state === 'rolling' && waveOf(target, node) <= target.open;
    return {
      version,
      sequence: last?.sequence ?? 0,
      ...(last && { release: last.release, target: last.id }),
      ...outcome,
      ...(error !== undefined && { error }),
      converged: this.isInForce && converged,
      health,
      downBefore: last?.downBefore ?? 0,
      ...(takesPart && { beat: Math.floor(clock.now() / BEAT) }),
    };
  }

  /** Looks at a rollout while there is one: often as its conductor, now and then whether it needs another one. */
  private async conduct(store: FleetStore, lease: Lease, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.ports;
    let pause: number;
    do {
      const isRolling = this.target?.state === 'rolling';
      const wanted = isRolling ? await this.conductor.look(store, lease) : undefined;
      if (!isRolling) {
        this.conductor.rest();
        pause = LOOK;
      } else if (this.conductor.isConducting) pause = Math.min(wanted ?? LOOK, LOOK);
      else pause = LONGEST_LOOK * random();
    } while (await passed(clock, Math.max(pause, SHORTEST_LOOK), signal));
  }

  private tellProblem(line: string): void {
    if (line !== this.lastProblem) this.ports.tell(line);
    this.lastProblem = line;
  }

  private solved(): void {
    this.lastProblem = undefined;
  }
}

/** Milliseconds between two looks at a rollout. */
const SHORTEST_LOOK = 50;

/** Milliseconds for the store to take a lease back; it ends by itself, too. */
const RELEASE_PATIENCE = 1000;

/** Characters of an error in a report. */
const LONGEST_ERROR = 900;

/** One that cannot be read is written anew. */
function readable(entry: Entry, store: string): Member | undefined {
  try {
    return memberRecord.parse(entry, store);
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

const firstLine = ({ message }: LvsadmError): string => message.split('\n')[0] ?? '';

const isSame = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean => {
  const sorted = (record: Readonly<Record<string, string>>): string =>
    JSON.stringify(Object.entries(record).sort());
  return sorted(a) === sorted(b);
};
