/** The end of holds. */
import type { IpvsClient } from '../../../ipvs/client.js';
import { type Hold, holdKey } from '../../../model/hold.js';
import type { Store } from '../../../system/files/store.js';
import { type Found, nameOf, present, setWeight } from '../server.js';
import { DrainedWeights } from './drained-weights.js';
import { type HoldStore, heldOf, type Terms, whileHoldsStay } from './holds.js';
import { keptByAgent } from './kept-servers.js';

export interface Released {
  readonly hold: Hold;
  /** The weight of the server now; undefined if the table lacks it. */
  readonly weight: number | undefined;
  /** Process of the agent that has set it. */
  readonly agent?: number | undefined;
}

/**
 * Ends holds. A server whose weight the agent sets has that weight then, any other one the weight of before the hold; a weight that
 * was set during the hold stays.
 * @param found the servers of these holds that are in the table
 */
export async function release(
  ended: readonly Hold[],
  found: readonly Found[],
  client: IpvsClient,
  holds: HoldStore,
  store: Store,
): Promise<Released[]> {
  await holds.remove(ended.map(holdKey));
  const servers = new Map(found.map((server) => [holdKey(nameOf(server)), server]));
  const held = ended.flatMap((hold) => servers.get(holdKey(hold)) ?? []);
  const kept = new Map((await keptByAgent(found, store)).map((each) => [holdKey(nameOf(each.server)), each]));
  const released: Released[] = [];
  for (const hold of ended) {
    const server = servers.get(holdKey(hold));
    const agent = kept.get(holdKey(hold));
    if (agent !== undefined) released.push({ hold, weight: agent.weight, agent: agent.pid });
    else released.push({ hold, weight: server && (await givenBack(server, hold, client)) });
  }
  await new DrainedWeights(store).forget(held);
  return released;
}

/**
 * Ends the holds that a command has begun, and has those in force again that they replaced. Holds that others have begun since stay.
 * @param terms of the command's holds
 * @throws HostError, LockedError
 */
export function undoHolds(
  servers: readonly Found[],
  terms: Terms,
  replaced: readonly Hold[],
  client: IpvsClient,
  holds: HoldStore,
  store: Store,
): Promise<unknown> {
  return whileHoldsStay(store, async () => {
    const begun = heldOf(servers, holds.read()).filter(
      ({ by, since }) => by === terms.by && since === terms.since,
    );
    const keys = new Set(begun.map(holdKey));
    const undone = servers.filter((server) => keys.has(holdKey(nameOf(server))));
    const before = new Map(replaced.map((hold) => [holdKey(hold), hold]));
    await holds.replace(undone, heldOf(undone, before));
    const ended = begun.filter((hold) => !before.has(holdKey(hold)));
    await release(ended, undone, client, holds, store);
  });
}

/** @returns the weight that the server has then; undefined if it is gone */
async function givenBack(server: Found, hold: Hold, client: IpvsClient): Promise<number | undefined> {
  const now = await present(client, server);
  if (now === undefined || now.destination.weight !== hold.weight) return now?.destination.weight;
  if (hold.before !== hold.weight) await setWeight(client, now, hold.before);
  return hold.before;
}
