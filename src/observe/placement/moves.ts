/** The clients that a change of a service moves: those whose hash leads to another server after it than before. */
import { type Destination, destinationKey } from '../../model/destination.js';
import { type DestinationEntry, overloadOf } from '../../model/table.js';
import { type Planned, subject } from '../../plan/plan.js';
import type { HashServer } from './hash-tables.js';
import { type Placements, SCATTERED } from './placements.js';

/**
 * The servers of a service once a plan is carried out, in the kernel's order: it puts each server that is added in front of the others.
 * @param present in the kernel's order: the newest first
 * @param lastWeight of a server that is present: its last weight above 0
 */
export function serversAfter(
  planned: readonly Planned<Destination>[],
  present: readonly DestinationEntry[],
  lastWeight: (server: DestinationEntry) => number,
): HashServer[] {
  const byKey = new Map(planned.map((each) => [destinationKey(subject(each).id), each]));
  const added = planned.filter(({ action }) => action === 'add').map(subject);
  const kept = present.flatMap((server): HashServer[] => {
    const { action, after } = byKey.get(destinationKey(server.id)) ?? {};
    if (action === 'remove') return [];
    const changed = { ...server, ...after };
    const { id, weight } = changed;
    return [{ id, weight, lastWeight: weight || lastWeight(server), overload: overloadOf(changed) }];
  });
  return [
    ...added.map(({ id, weight }) => ({ id, weight, lastWeight: weight, overload: 'no' as const })).reverse(),
    ...kept,
  ];
}

/** Shares of clients by server, which add up to 1; undefined: those that are refused. */
type Shares = ReadonlyMap<string | undefined, number>;

/** What becomes of some clients: one server for all, none (undefined), or shares. */
type Fate = string | undefined | Shares;

/**
 * The share of clients, 0 to 1, that get another server, are refused, or are refused no longer. If the scheduler and what it hashes
 * stay, slots are compared; the further hashes of mh-fallback are taken for random. If they change, both hashes are taken for
 * independent.
 */
export function movedShare(before: Placements, after: Placements): number {
  const further = [furtherShares(before), furtherShares(after)] as const;
  const fates = (slot: number) =>
    [fateIn(before, slot, further[0]), fateIn(after, slot, further[1])] as const;
  if (before.scheduler !== after.scheduler || before.input !== after.input) {
    return 1 - agreement(sharesOf(before, further[0]), sharesOf(after, further[1]));
  }
  const bothScattered = furtherAgreement(before, after, further);
  let same = 0;
  let slots = 0;
  for (const slot of before.clientSlots()) {
    const [from, to] = fates(slot);
    same += from === further[0] && to === further[1] ? bothScattered : agreement(from, to);
    slots++;
  }
  return 1 - same / slots;
}

const keyOf = (server: HashServer | undefined): string | undefined => server && destinationKey(server.id);

function fateIn(placements: Placements, slot: number, further: Shares): Fate {
  const found = placements.inSlot(slot);
  return found === SCATTERED ? further : keyOf(found);
}

/** All clients of a service. */
function sharesOf(placements: Placements, further: Shares): Shares {
  const slots = [...placements.clientSlots()];
  const shares = new Map<string | undefined, number>();
  for (const slot of slots) {
    const fate = fateIn(placements, slot, further);
    const parts: Shares = isShares(fate) ? fate : new Map([[fate, 1]]);
    for (const [server, share] of parts) shares.set(server, (shares.get(server) ?? 0) + share / slots.length);
  }
  return shares;
}

/** Where further hashes lead: to each available server by its slots. Without one, all clients are refused. */
function furtherShares(placements: Placements): Shares {
  const slots = new Map<string | undefined, number>();
  for (let slot = 0; slot < placements.size; slot++) {
    const server = placements.availableIn(slot);
    if (server !== undefined) slots.set(keyOf(server), (slots.get(keyOf(server)) ?? 0) + 1);
  }
  const total = [...slots.values()].reduce((sum, number) => sum + number, 0);
  return total === 0 ? new Map([[undefined, 1]]) : new Map([...slots].map(([key, n]) => [key, n / total]));
}

/**
 * Clients whose further hashes decide before and after: both searches try the same slots, until one of them finds a server. The
 * other one goes on alone.
 */
function furtherAgreement(
  before: Placements,
  after: Placements,
  [from, to]: readonly [Shares, Shares],
): number {
  let same = 0;
  let slots = 0;
  for (let slot = 0; slot < before.size; slot++) {
    const [found, foundAfter] = [before.availableIn(slot), after.availableIn(slot)];
    if (found === undefined && foundAfter === undefined) continue;
    same += agreement(keyOf(found) ?? from, keyOf(foundAfter) ?? to);
    slots++;
  }
  return slots === 0 ? 1 : same / slots;
}

/** The share of clients with one server in both, if the two do not depend on each other. */
function agreement(a: Fate, b: Fate): number {
  if (!isShares(a)) return isShares(b) ? (b.get(a) ?? 0) : Number(a === b);
  return [...a].reduce((sum, [server, share]) => sum + share * agreement(server, b), 0);
}

const isShares = (fate: Fate): fate is Shares => typeof fate === 'object';
