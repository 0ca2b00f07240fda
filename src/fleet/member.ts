/**
 * A director in its fleet: runs the release that the target assigns to it, reports how it is, and takes part in rollouts. It keeps the
 * last release that it has applied, and goes on with that whatever becomes of the store.
 */
import { LvsadmError, StoreError } from '../errors.js';
import { type Holds, noHolds } from '../model/hold.js';
import { passed } from '../system/clock.js';
import { Conductor } from './conductor.js';
import { HoldFollower } from './hold-follower.js';
import { LAYOUT, memberKey } from './layout.js';
import { type LastGood, type MemberPorts, ProblemLog, REREAD } from './member-ports.js';
import { type Member, memberRecord, requireLayout } from './records.js';
import { ReleaseFollower } from './release-follower.js';
import { Reporter } from './reporter.js';
import type { Entry, FleetStore, Lease } from './store.js';

/** Seconds without a sign of life after which the report of a director goes. It gives one in each third of that time. */
export const LEASE = 36;

/** Milliseconds before the first attempt to reach the store again, and at most before later ones. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

/** Milliseconds for the store to take a lease back; it ends by itself, too. */
const RELEASE_PATIENCE = 1000;

/** A director in its fleet, as it is now. */
export interface MemberState {
  readonly node: string;
  /** Whether it takes part: it has a lease in the store. */
  readonly isConnected: boolean;
  /** Milliseconds since the last renewal of a lease; undefined before the first one. */
  readonly answerAge: number | undefined;
  readonly last: LastGood | undefined;
}

export class FleetMember {
  private lease: Lease | undefined;
  private isConnected = false;
  private readonly problems: ProblemLog;
  private readonly follower: ReleaseFollower;
  private readonly holds: HoldFollower;
  private readonly reporter: Reporter;
  private readonly conductor: Conductor;

  /**
   * @param last what an earlier run has applied
   * @param holds those of the fleet that it has taken
   */
  constructor(
    private readonly ports: MemberPorts,
    last: LastGood | undefined,
    holds: Holds = noHolds,
  ) {
    this.problems = new ProblemLog((line) => ports.tell(line));
    this.follower = new ReleaseFollower(ports, this.problems, last);
    this.holds = new HoldFollower(ports, this.problems, holds);
    this.reporter = new Reporter(ports, this.problems, this.follower);
    this.conductor = new Conductor(ports);
  }

  get state(): MemberState {
    const { lease, isConnected, follower } = this;
    const { node, clock } = this.ports;
    const answerAge = lease && clock.now() - lease.renewed();
    return { node, isConnected, answerAge, last: follower.last };
  }

  /** Resolves when it is stopped. The table stays. */
  async run(stop: AbortSignal): Promise<void> {
    const { clock, random } = this.ports;
    let pause = FIRST_PAUSE;
    // What ran before is applied at once, beside the first attempt to reach the store: that may be down.
    let starting = this.follower.applyLast(stop);
    while (!stop.aborted) {
      const begun = clock.now();
      const failure = await this.session(stop, starting).catch((error: unknown) => error);
      if (stop.aborted) break;
      if (!(failure instanceof LvsadmError)) throw failure;
      this.problems.tell(failure.message);
      if (clock.now() - begun > LONGEST_PAUSE) pause = FIRST_PAUSE;
      await passed(clock, pause * (0.5 + random()), stop);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
      starting = this.follower.applyLast(stop);
    }
    await starting;
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
    this.lease = lease;
    const end = new AbortController();
    const signal = AbortSignal.any([stop, end.signal, lease.lost]);
    try {
      await this.register(store);
      this.isConnected = true;
      const parts = [
        this.follower.follow(store, signal),
        this.holds.follow(store, signal, () => this.requireFleet(store)),
        this.reporter.keepReporting(store, lease, signal),
        this.conductor.conduct(store, lease, signal, () => this.follower.target?.state === 'rolling'),
        this.stayRegistered(store, signal),
      ];
      const ended = Promise.race(parts);
      await ended.finally(async () => {
        end.abort();
        await Promise.allSettled(parts);
      });
      if (lease.lost.aborted)
        throw new StoreError('unreachable', 'renew the lease', store.name, 'it has ended');
    } finally {
      this.isConnected = false;
      end.abort();
      // Otherwise it would be renewed for ever, and keep what was written under it.
      await Promise.race([lease.release(), passed(clock, RELEASE_PATIENCE, new AbortController().signal)]);
    }
  }

  /** @throws StoreError for a store without the fleet of the release that runs here */
  private async requireFleet(store: FleetStore): Promise<void> {
    const { last } = this.follower;
    const attempted = 'take part in the fleet';
    const [entry] = (await store.read(LAYOUT)).entries;
    if (entry === undefined) {
      const reason = 'it has no fleet; lvsadm fleet push makes one' + (last ? '; what runs here stays' : '');
      throw new StoreError('invalid', attempted, store.name, reason);
    }
    const { fleet } = requireLayout(entry, store.name);
    if (last === undefined || last.fleet === fleet) return;
    const reason = `it is the store of another fleet (${fleet}) than that of release ${last.release}, which runs here (${last.fleet})`;
    throw new StoreError('invalid', attempted, store.name, reason);
  }

  private async stayRegistered(store: FleetStore, signal: AbortSignal): Promise<void> {
    while (await passed(this.ports.clock, REREAD, signal)) {
      await this.register(store);
      await this.follower.keepAgain();
    }
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
}

/** One that cannot be read is written anew. */
function readable(entry: Entry, store: string): Member | undefined {
  try {
    return memberRecord.parse(entry, store);
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

const isSame = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean => {
  const sorted = (record: Readonly<Record<string, string>>): string =>
    JSON.stringify(Object.entries(record).sort());
  return sorted(a) === sorted(b);
};
