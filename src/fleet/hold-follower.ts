/** A director that follows the holds of its fleet. */
import type { StoreError } from '../errors.js';
import { type Hold, type Holds, holdKey } from '../model/hold.js';
import { holdsIn } from './fleet-holds.js';
import { followRange } from './followed-range.js';
import { fleetHoldKey, HOLDS } from './layout.js';
import type { MemberPorts, ProblemLog } from './member-ports.js';
import type { Entry, FleetStore } from './store.js';

export class HoldFollower {
  /** Those that were taken last, by their keys in the store. */
  private known: ReadonlyMap<string, Hold>;

  /** @param kept those that an earlier run has taken */
  constructor(
    private readonly ports: Pick<MemberPorts, 'clock' | 'takeHolds'>,
    private readonly problems: ProblemLog,
    kept: Holds,
  ) {
    this.known = byStoreKey(kept);
  }

  /**
   * @param requireFleet called before holds end. A store that was wiped must not give clients to servers that are out of service
   * @throws StoreError
   */
  follow(store: FleetStore, signal: AbortSignal, requireFleet: () => Promise<void>): Promise<void> {
    return followRange(store, HOLDS, this.ports.clock, signal, async (entries) => {
      const keys = new Set(entries.map(({ key }) => key));
      if ([...this.known.keys()].some((key) => !keys.has(key))) await requireFleet();
      this.take(holdsIn(entries, store.name, (entry, error) => this.unreadable(entry, error)));
    });
  }

  private take(holds: Holds): void {
    this.known = byStoreKey(holds);
    this.ports.takeHolds(holds);
  }

  /** The hold that was there before it stays. */
  private unreadable({ key }: Entry, { message }: StoreError): Hold | undefined {
    this.problems.tell(message);
    return this.known.get(key);
  }
}

const byStoreKey = (holds: Holds): ReadonlyMap<string, Hold> =>
  new Map(Array.from(holds.values(), (hold) => [fleetHoldKey(holdKey(hold)), hold]));
