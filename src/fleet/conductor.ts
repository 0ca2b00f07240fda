/**
 * Opens the waves of a rollout. Every director may do it; the one that holds the key `conductor` under its lease does. A change of the
 * target compares with the target that was judged and with that key, so that one who has lost it without knowing changes nothing.
 */
import { StoreError } from '../errors.js';
import { type Clock, passed } from '../system/clock.js';
import { CONDUCTOR, MEMBERS, NODES, nameIn, TARGET } from './layout.js';
import { conductorRecord, type NodeReport, reportRecord, type Target, targetRecord } from './records.js';
import { readTarget, type TargetEntry } from './releases.js';
import { judge, nextTarget, type Observation, type Verdict } from './rollout.js';
import type { Entry, FleetStore, Lease } from './store.js';

export interface ConductorPorts {
  readonly node: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  random(): number;
  /** The time of day, as ISO 8601. */
  date(): string;
  /** Takes a line about the rollout. */
  tell(line: string): void;
}

/** Milliseconds after which a rollout is looked at again although nothing has changed. */
const LONGEST_LOOK = 10_000;

/** Milliseconds between two looks of the conductor, at least and at most. */
const SHORTEST_LOOK = 50;
const USUAL_LOOK = 1000;

export class Conductor {
  private seen: Observation | undefined;
  /** The key `conductor` while it is this director's: the revision at which it was written. */
  private key: number | undefined;

  constructor(private readonly ports: ConductorPorts) {}

  private get isConducting(): boolean {
    return this.key !== undefined;
  }

  /** Looks at a rollout while there is one: often as its conductor, now and then whether it needs another one. @throws StoreError */
  async conduct(
    store: FleetStore,
    lease: Lease,
    signal: AbortSignal,
    isRolling: () => boolean,
  ): Promise<void> {
    const { clock, random } = this.ports;
    let pause: number;
    do {
      const isNeeded = isRolling();
      const wanted = isNeeded ? await this.look(store, lease) : undefined;
      if (!isNeeded) {
        this.rest();
        pause = USUAL_LOOK;
      } else if (this.isConducting) pause = Math.min(wanted ?? USUAL_LOOK, USUAL_LOOK);
      else pause = LONGEST_LOOK * random();
    } while (await passed(clock, Math.max(pause, SHORTEST_LOOK), signal));
  }

  /**
   * Looks at the rollout, and goes on with it if it is time.
   * @returns milliseconds after which to look again; undefined if there is nothing to conduct
   * @throws StoreError
   */
  private async look(store: FleetStore, lease: Lease): Promise<number | undefined> {
    const { clock } = this.ports;
    const entry = await readTarget(store);
    const { target } = entry;
    if (target?.state !== 'rolling') {
      this.rest();
      return undefined;
    }
    if (!(await this.conducts(store, lease))) return LONGEST_LOOK;
    const [members, reports] = await Promise.all([readMemberNames(store), readReports(store)]);
    const { verdict, seen } = judge(target, members, reports, this.seen, clock.now());
    this.seen = seen;
    if (verdict.kind === 'wait') return Math.min(verdict.until ?? LONGEST_LOOK, LONGEST_LOOK);
    const absent = members.filter((name) => !reports.has(name));
    await this.proceed(store, entry, target, verdict, absent);
    return 0;
  }

  /** There is nothing to conduct: what was seen before a hold says nothing of the time since. */
  private rest(): void {
    this.seen = undefined;
  }

  /** @returns whether this director is the conductor; it becomes that if there is none */
  private async conducts(store: FleetStore, lease: Lease): Promise<boolean> {
    const { node } = this.ports;
    const [entry] = (await store.read(CONDUCTOR)).entries;
    if (entry === undefined) {
      // What an earlier conductor has seen is not known: the wave has to be well for its whole time again.
      this.seen = undefined;
      this.key = await store.commit({
        comparisons: [{ key: CONDUCTOR, revision: 0 }],
        writes: [
          { key: CONDUCTOR, value: conductorRecord.format({ node, lease: lease.id }), lease: lease.id },
        ],
      });
    } else {
      // It is this director's, too, if the answer to the write was lost.
      const isOwn = conductorRecord.parse(entry, store.name).lease === lease.id;
      if (entry.revision !== this.key) this.seen = undefined;
      this.key = isOwn ? entry.revision : undefined;
    }
    return this.isConducting;
  }

  private async proceed(
    store: FleetStore,
    { revision }: TargetEntry,
    target: Target,
    verdict: Verdict,
    absent: string[],
  ): Promise<void> {
    const { node, date, tell } = this.ports;
    const next = nextTarget(target, verdict, { author: node, time: date(), id: newId(), absent });
    if (next === undefined || this.key === undefined) return;
    const isOver = next.state !== 'rolling';
    const written = await store.commit({
      comparisons: [
        { key: TARGET, revision },
        { key: CONDUCTOR, revision: this.key },
      ],
      writes: [
        { key: TARGET, value: targetRecord.format(next) },
        // The next rollout is conducted by whoever is there then.
        ...(isOver ? [{ remove: CONDUCTOR }] : []),
      ],
    });
    if (written === undefined) return;
    if (isOver) this.key = undefined;
    tell(describe(target, next, verdict));
  }
}

function describe({ release }: Target, next: Target, verdict: Verdict): string {
  if (verdict.kind === 'open')
    return `release ${release}: wave ${next.open + 1} of ${next.waves.length} is open`;
  if (verdict.kind !== 'fail') return `release ${release}: all directors run it`;
  const ending = next.state === 'halted' ? 'is halted' : `is rolled back to release ${next.release}`;
  return `release ${release} ${ending}: ${verdict.reason}`;
}

/** The directors of the fleet, in the order of their names. @throws StoreError */
export const readMemberNames = async (store: FleetStore): Promise<string[]> =>
  (await store.keys(MEMBERS)).map(nameIn);

/** The reports of directors that run, by name. One that cannot be read is that of a director that is not well. @throws StoreError */
export async function readReports(store: FleetStore): Promise<Map<string, NodeReport>> {
  const { entries } = await store.read(NODES);
  return new Map(entries.map((entry) => [nameIn(entry.key), reportOf(entry, store.name)]));
}

function reportOf(entry: Entry, store: string): NodeReport {
  try {
    return reportRecord.parse(entry, store);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const { reason } = error;
    return {
      version: 'unknown',
      sequence: 0,
      tried: 0,
      result: 'none',
      error: `its report cannot be read: ${reason}`,
      converged: false,
      health: { up: 0, down: 0 },
      downBefore: 0,
      time: new Date(0).toISOString(),
    };
  }
}

/** The identity of a new target. */
export const newId = (): string => process.getBuiltinModule('node:crypto').randomUUID();
