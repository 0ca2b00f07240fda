/** The services whose hash tables have their servers in another order than by address and port, in which other directors may have them. */
import type { HashOrder } from '../../fleet/records.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { type DestinationId, destinationKey } from '../../model/destination.js';
import { destinationOrder, sortedBy } from '../../model/order.js';
import { choosesByHash } from '../../model/schedulers.js';
import { formatService } from '../../model/service-uri.js';
import type { Reconciliation } from '../../plan/apply.js';

/** Milliseconds after which the orders are read although the agent has added and removed nothing: another program may have. */
const REREAD = 600_000;

export class HashOrders {
  current: readonly HashOrder[] = [];
  private due = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds of a clock */
  constructor(private readonly now: () => number) {}

  /** Takes note of what was changed. */
  changed({ outcomes }: Reconciliation): void {
    const isOther = outcomes.some(
      ({ change }) => change.do === 'addDestination' || change.do === 'deleteDestination',
    );
    if (isOther) this.due = Number.NEGATIVE_INFINITY;
  }

  /** Reads the orders, if they may have changed. @throws what the client throws */
  async look(client: Pick<IpvsClient, 'settings' | 'destinations'>): Promise<void> {
    if (this.now() < this.due) return;
    const found: HashOrder[] = [];
    for (const { id, scheduler } of await client.settings()) {
      if (!choosesByHash(scheduler)) continue;
      // The kernel has the newest first.
      const added = (await client.destinations(id)).map((each) => each.id).reverse();
      const inOrder = sortedBy(added, destinationOrder);
      if (textOf(added) !== textOf(inOrder))
        found.push({ service: formatService(id), order: shortDigest(textOf(added)) });
    }
    this.current = found;
    this.due = this.now() + REREAD;
  }
}

const textOf = (servers: readonly DestinationId[]): string => servers.map(destinationKey).join('\n');

/** Two directors with the same order have the same one. */
const shortDigest = (text: string): string =>
  process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex').slice(0, 12);
