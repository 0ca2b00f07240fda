/** The report of a director, under its lease. */
import type { Holds } from '../model/hold.js';
import { passed } from '../system/clock.js';
import { entryOf, holdsDigest } from './fleet-holds.js';
import { nodeKey } from './layout.js';
import { LONGEST_ERROR, LOOK, type MemberPorts, type ProblemLog, REREAD } from './member-ports.js';
import { MOST_HOLDS, MOST_LISTED, type NodeReport, reportRecord } from './records.js';
import type { ReleaseFollower } from './release-follower.js';
import { BEAT, waveOf } from './rollout.js';
import type { FleetStore, Lease } from './store.js';

export class Reporter {
  private held: { readonly of: Holds; readonly there: HeldThere } | undefined;

  constructor(
    private readonly ports: MemberPorts,
    private readonly problems: ProblemLog,
    private readonly follower: ReleaseFollower,
  ) {}

  /** Writes the report whenever it has changed, and anew when it is gone. @throws StoreError */
  async keepReporting(store: FleetStore, lease: Lease, signal: AbortSignal): Promise<void> {
    const { node, clock, date } = this.ports;
    const key = nodeKey(node);
    let last: string | undefined;
    // What is there at first may be of an earlier run, whose lease has not ended.
    let revision = (await store.read(key)).entries[0]?.revision ?? 0;
    let checked = clock.now();
    let { losses } = this.follower;
    do {
      const report = this.report();
      const text = JSON.stringify(report);
      const isFresh = clock.now() - checked < REREAD && losses === this.follower.losses;
      if (text === last && isFresh) continue;
      checked = clock.now();
      losses = this.follower.losses;
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
      this.problems.tell(
        `another director reports as ${this.ports.node}: each needs a name of its own, --node`,
      );
    return entry?.revision ?? 0;
  }

  /** The agent has another map of holds whenever they have changed: the report is made each second. */
  private heldOn(holds: Holds): HeldThere {
    if (this.held?.of !== holds) this.held = { of: holds, there: heldOn(holds) };
    return this.held.there;
  }

  private report(): Omit<NodeReport, 'time'> {
    const { version, condition, clock, node } = this.ports;
    const { converged, problem, health, holds, hashing, drift } = condition();
    const { last, outcome, target, isInForce, unsaved } = this.follower;
    const error = outcome.error ?? problem?.slice(0, LONGEST_ERROR);
    const takesPart = target?.state === 'rolling' && waveOf(target, node) <= target.open;
    return {
      version,
      sequence: last?.sequence ?? 0,
      ...(last && { release: last.release, target: last.id }),
      ...outcome,
      ...(error !== undefined && { error }),
      converged: isInForce && converged,
      health,
      downBefore: last?.downBefore ?? 0,
      ...this.heldOn(holds),
      ...(hashing.length > 0 && { hashing: hashing.slice(0, MOST_LISTED) }),
      ...(drift > 0 && { drift }),
      ...(unsaved !== undefined && { unsaved: unsaved.slice(0, LONGEST_ERROR) }),
      ...(takesPart && { beat: Math.floor(clock.now() / BEAT) }),
    };
  }
}

type HeldThere = Pick<NodeReport, 'holds' | 'held' | 'ofFleet'>;

/** What a report says of the holds on a director. */
function heldOn(holds: Holds): HeldThere {
  if (holds.size === 0) return {};
  const all = [...holds.values()];
  const own = all.filter(({ ofFleet }) => !ofFleet);
  const taken = all.filter(({ ofFleet }) => ofFleet);
  return {
    ...(own.length > 0 && { holds: own.slice(0, MOST_HOLDS).map(entryOf) }),
    held: all.length,
    ofFleet: { number: taken.length, digest: holdsDigest(taken) },
  };
}
