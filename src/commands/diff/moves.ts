/** The clients that a plan moves, by service: what `diff --moves` adds to a plan. */
import type { Context } from '../../context.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { serviceKey } from '../../model/service.js';
import { movedShare, serversAfter } from '../../observe/placement/moves.js';
import { Placements } from '../../observe/placement/placements.js';
import type { Moves } from '../../output/plan.js';
import { changing, isChange, type Plan } from '../../plan/plan.js';
import type { Store } from '../../system/store.js';
import { DrainedWeights } from '../shared/drained-weights.js';
import { guessedServers, hashServersOf, ServerTable } from '../shared/hash-servers.js';
import { describeServer, someNames } from '../shared/server.js';

/** One request for each service that changes and stays. Weights that have to be guessed are said on standard error. */
export async function movesOf(
  plan: Plan,
  client: Pick<IpvsClient, 'destinations'>,
  context: Context,
  store: Store,
): Promise<Moves> {
  const drained = new DrainedWeights(store).snapshot();
  const moves = new Map<string, number>();
  const guessed: string[] = [];
  for (const service of changing(plan)) {
    const { before, after, destinations } = service;
    if (before === undefined || after === undefined || ![service, ...destinations].some(isChange)) continue;
    const table = new ServerTable(before.id, await client.destinations(before.id), drained);
    const current = Placements.of(before, hashServersOf(table));
    const next = serversAfter(destinations, table.entries, (server) => table.lastWeight(server));
    const desired = Placements.of(after, next);
    if (current === undefined || desired === undefined) continue;
    moves.set(serviceKey(before.id), movedShare(current, desired));
    if (before.scheduler === 'mh' || after.scheduler === 'mh') {
      const of = before.id;
      guessed.push(...guessedServers(table).map((destination) => describeServer({ of, destination })));
    }
  }
  if (guessed.length > 0) {
    await context.err.write(`lvsadm: weight before 0 not known, taken for 1: ${someNames(guessed)}\n`);
  }
  return moves;
}
