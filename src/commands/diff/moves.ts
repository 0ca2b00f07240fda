/** The clients that a plan moves, by service: what `diff --moves` adds to a plan. */
import type { Context } from '../../context.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { serviceKey } from '../../model/service.js';
import type { DestinationEntry } from '../../model/table.js';
import { movedShare, serversAfter } from '../../observe/placement/moves.js';
import { Placements } from '../../observe/placement/placements.js';
import type { Moves } from '../../output/plan.js';
import { changing, isChange, type Plan } from '../../plan/plan.js';
import type { Store } from '../../system/files/store.js';
import {
  betweenThresholds,
  guessedServers,
  hashServersOf,
  ServerTable,
  writeAssumption,
} from '../shared/hash-servers.js';
import { DrainedWeights } from '../shared/holds/drained-weights.js';
import { describeServer } from '../shared/server.js';

/** One request for each service that changes and stays. What has to be assumed of servers is said on standard error. */
export async function movesOf(
  plan: Plan,
  client: Pick<IpvsClient, 'destinations'>,
  context: Context,
  store: Store,
): Promise<Moves> {
  const drained = new DrainedWeights(store).snapshot();
  const moves = new Map<string, number>();
  const guessed: string[] = [];
  const between: string[] = [];
  for (const service of changing(plan)) {
    const { before, after, destinations } = service;
    if (before === undefined || after === undefined || ![service, ...destinations].some(isChange)) continue;
    const table = new ServerTable(before, await client.destinations(before.id), drained);
    const current = Placements.of(before, hashServersOf(table));
    const next = serversAfter(destinations, table.entries, (server) => table.lastWeight(server));
    const desired = Placements.of(after, next);
    if (current === undefined || desired === undefined) continue;
    moves.set(serviceKey(before.id), movedShare(current, desired));
    const nameOf = (destination: DestinationEntry) => describeServer({ of: before.id, destination });
    between.push(...betweenThresholds(table).map(nameOf));
    if (before.scheduler === 'mh' || after.scheduler === 'mh') {
      guessed.push(...guessedServers(table).map(nameOf));
    }
  }
  await writeAssumption(context, 'lastWeight', guessed);
  await writeAssumption(context, 'overload', between);
  return moves;
}
