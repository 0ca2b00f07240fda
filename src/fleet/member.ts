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
import { assignment } from './rollout.js';
import type { FleetStore, Lease } from './store.js';

/** The release that has been applied last, and where it is from. */
export interface LastGood {
  /** The identity of the fleet. */
  readonly fleet: string;
  readonly sequence: number;
  readonly release: number;
  readonly documents: readonly FleetDocument[];
}

/** How the table is now. */
export interface Condition {
  /** Whether it is as the documents say. */
  readonly converged: boolean;
  /** Why it is not. */
  readonly problem?: string | undefined;
  readonly health: HealthCount;
  readonly hashing?: string | undefined;
}

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
   * @throws LvsadmError that says why none were taken
   */
  apply(documents: readonly FleetDocument[], cause: 'start' | 'release'): Promise<void>;
  condition(): Condition;
  /** Keeps it over a restart. @throws LvsadmError */
  remember(last: LastGood): void;
  /** Takes a line for the log. */
  tell(line: string): void;
}

/** Seconds without a sign of life after which the report of a director goes. It gives one in each third of that time. */
export const LEASE = 36;

/** Milliseconds after which the target is read although the watch tells of no change: a watch can be cut off unnoticed. */
const REREAD = 60_000;

/** Milliseconds from one look at the own condition to the next. */
const LOOK = 1000;

/** Milliseconds before the first attempt to reach the store again, and at most before later ones. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

type Outcome = Pick<NodeReport, 'tried' | 'result' | 'error'>;

export class FleetMember {
  private outcome: Outcome = { tried: 0, result: 'none' };
  /** Servers that were down when the release was applied. */
  private downBefore = 0;
  private target: Target | undefined;
  private lastProblem: string | undefined;
  /** Whether the last release has been applied since the start. */
  private isInForce = false;
  private readonly conductor: Conductor;

  /** @param last what an earlier run has applied */
  constructor(
    private readonly ports: MemberPorts,
    private last: LastGood | undefined,
  ) {
    this.conductor = new Conductor(ports);
  }

  get applied(): LastGood | undefined {
    return this.last;
  }

  /** Resolves when it is stopped. The table stays. */
  async run(stop: AbortSignal): Promise<void> {
    const { clock, random } = this.ports;
    let pause = FIRST_PAUSE;
    while (!stop.aborted) {
      await this.applyLast();
      const begun = clock.now();
      const failure = await this.session(stop).catch((error: unknown) => error);
      if (stop.aborted) return;
      if (!(failure instanceof LvsadmError)) throw failure;
      this.tellProblem(failure.message);
      if (clock.now() - begun > LONGEST_PAUSE) pause = FIRST_PAUSE;
      await passed(clock, pause * (0.5 + random()), stop);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  }

  /** After a start what ran before is applied at once: the store may be down. */
  private async applyLast(): Promise<void> {
    const { last } = this;
    const { apply, condition } = this.ports;
    if (last === undefined || this.isInForce) return;
    try {
      await apply(last.documents, 'start');
      this.downBefore = condition().health.down;
      this.isInForce = true;
    } catch (error) {
      if (!(error instanceof LvsadmError)) throw error;
      this.tellProblem(
        `release ${last.release}, which ran here before, was not applied: ${firstLine(error)}`,
      );
    }
  }

  /** From one connection to the store to its end. @throws StoreError */
  private async session(stop: AbortSignal): Promise<void> {
    const store = this.ports.connect();
    try {
      await this.takePart(store, stop);
    } finally {
      store.close();
    }
  }

  private async takePart(store: FleetStore, stop: AbortSignal): Promise<void> {
    await this.requireFleet(store);
    const lease = await store.lease(LEASE);
    const end = new AbortController();
    const signal = AbortSignal.any([stop, end.signal, lease.lost]);
    const parts = [
      this.follow(store, signal),
      this.keepReporting(store, lease, signal),
      this.conduct(store, lease, signal),
    ];
    try {
      await this.register(store);
      await Promise.race(parts);
      if (lease.lost.aborted)
        throw new StoreError('unreachable', 'renew the lease', store.name, 'it has ended');
    } finally {
      end.abort();
      await Promise.allSettled(parts);
      // Otherwise it would be renewed for ever, and keep what was written under it.
      const released = lease.release();
      if (stop.aborted) await released;
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
    const known = entry && memberRecord.parse(entry, store.name);
    const { labels, variables } = member;
    if (known && isSame(known.labels, labels) && isSame(known.variables, variables)) return;
    const value = memberRecord.format({ labels, variables, joined: known?.joined ?? date() });
    await store.commit({ comparisons: [], writes: [{ key, value }] });
  }

  /** Follows the target. */
  private async follow(store: FleetStore, signal: AbortSignal): Promise<void> {
    const { clock } = this.ports;
    while (!signal.aborted) {
      const snapshot = await store.read(TARGET);
      await this.take(store, targetIn(snapshot, store.name).target);
      const again = new AbortController();
      const cancel = clock.after(REREAD, () => again.abort());
      try {
        for await (const changes of store.watch(
          TARGET,
          snapshot.revision,
          AbortSignal.any([signal, again.signal]),
        )) {
          const entries = changes.flatMap(({ key, value, revision }) =>
            value === undefined ? [] : [{ key, value, revision }],
          );
          await this.take(store, targetIn({ revision: 0, entries }, store.name).target);
        }
      } catch (error) {
        // What is there now says more than what is forgotten.
        if (!(error instanceof StoreError && error.kind === 'compacted')) throw error;
        await passed(clock, LOOK, signal);
      } finally {
        cancel();
      }
    }
  }

  private async take(store: FleetStore, target: Target | undefined): Promise<void> {
    const { node } = this.ports;
    this.target = target;
    if (target === undefined) {
      if (this.last !== undefined) this.tellProblem('the store has no target any more; what runs here stays');
      return;
    }
    const task = assignment(target, node, this.last);
    if ('refuse' in task) {
      this.outcome = { tried: target.sequence, result: 'refused', error: task.refuse };
      this.tellProblem(`${task.refuse}; what runs here stays`);
      return;
    }
    const { last } = this;
    if ('stay' in task || (last?.sequence === task.sequence && last.release === task.run)) {
      await this.applyLast();
      if (this.isInForce) this.solved();
      return;
    }
    await this.change(store, target.fleet, task.run, task.sequence);
  }

  /** Applies another release. */
  private async change(store: FleetStore, fleet: string, release: number, sequence: number): Promise<void> {
    const { apply, condition, remember, tell } = this.ports;
    try {
      const documents = await readDocuments(store, await findRelease(store, release));
      const { down } = condition().health;
      await apply(documents, 'release');
      this.last = { fleet, sequence, release, documents };
      this.isInForce = true;
      this.downBefore = down;
      this.outcome = { tried: sequence, result: 'applied' };
      remember(this.last);
      this.solved();
      tell(`release ${release} has been applied`);
    } catch (error) {
      if (!(error instanceof LvsadmError)) throw error;
      // A store that does not answer is asked again.
      if (error instanceof StoreError && error.kind !== 'invalid') throw error;
      const line = firstLine(error);
      this.outcome = {
        tried: sequence,
        result: error instanceof StoreError ? 'failed' : 'refused',
        error: line.slice(0, 1000),
      };
      this.tellProblem(`release ${release} was not applied: ${line}`);
    }
  }

  /** Writes the report whenever it has changed. */
  private async keepReporting(store: FleetStore, lease: Lease, signal: AbortSignal): Promise<void> {
    const { node, clock, date } = this.ports;
    let last: string | undefined;
    do {
      const report = this.report();
      const text = JSON.stringify(report);
      if (text === last) continue;
      const value = reportRecord.format({ ...report, time: date() });
      await store.commit({ comparisons: [], writes: [{ key: nodeKey(node), value, lease: lease.id }] });
      last = text;
    } while (await passed(clock, LOOK, signal));
  }

  private report(): Omit<NodeReport, 'time'> {
    const { version, condition } = this.ports;
    const { converged, problem, health, hashing } = condition();
    const { last, outcome } = this;
    const error = outcome.error ?? problem?.slice(0, 1000);
    return {
      version,
      sequence: last?.sequence ?? 0,
      ...(last && { release: last.release }),
      ...outcome,
      ...(error !== undefined && { error }),
      converged: last !== undefined && converged,
      health,
      downBefore: this.downBefore,
      ...(hashing !== undefined && { hashing }),
    };
  }

  /** Looks at a rollout while there is one: often as its conductor, now and then whether it needs another one. */
  private async conduct(store: FleetStore, lease: Lease, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.ports;
    let pause: number | undefined;
    do {
      pause = this.target?.state === 'rolling' ? await this.conductor.look(store, lease) : undefined;
      const { isConducting } = this.conductor;
      pause = isConducting
        ? Math.min(pause ?? LOOK, LOOK)
        : this.target?.state === 'rolling'
          ? LONGEST_LOOK * random()
          : LOOK;
    } while (await passed(clock, Math.max(pause, MIN_PAUSE), signal));
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
const MIN_PAUSE = 50;

const firstLine = ({ message }: LvsadmError): string => message.split('\n')[0] ?? '';

const isSame = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean => {
  const sorted = (record: Readonly<Record<string, string>>): string =>
    JSON.stringify(Object.entries(record).sort());
  return sorted(a) === sorted(b);
};
