/** The beginning of holds. */
import type { Context } from '../../../context.js';
import { HostError, UsageError } from '../../../errors.js';
import { printable } from '../../../foreign-text.js';
import { type Hold, holdText, isWeakened } from '../../../model/hold.js';
import type { Store } from '../../../system/files/store.js';
import { describeServer, type Found } from '../server.js';
import { DrainedWeights } from './drained-weights.js';
import { type HoldStore, heldOf, type Terms, whileHoldsStay } from './holds.js';
import { type Kept, keptByAgent, refuseKept, refuseLoss } from './kept-servers.js';

export interface HoldRequest {
  readonly servers: readonly Found[];
  readonly weight: number;
  readonly terms: Terms;
  /** Whether holds of other users may be replaced by weaker ones, and quorums lost. */
  readonly force: boolean;
}

/**
 * Holds servers, and has the agent set their weights. An agent that does not answer finds the holds at its next look: a line on
 * standard error says so.
 * @returns the holds of other users that these replace
 * @throws UsageError for a hold of another user that would end earlier or has another weight, and if a quorum would be lost, HostError, LockedError: no server is
 * held by this then
 */
export function beginHold(
  request: HoldRequest,
  holds: HoldStore,
  store: Store,
  context: Pick<Context, 'err' | 'date'>,
): Promise<readonly Hold[]> {
  // Two holds that each leave a service its quorum may not do so together.
  return whileHoldsStay(store, () => begin(request, holds, store, context));
}

async function begin(
  { servers, weight, terms, force }: HoldRequest,
  holds: HoldStore,
  store: Store,
  { err, date }: Pick<Context, 'err' | 'date'>,
): Promise<readonly Hold[]> {
  const before = heldOf(servers, holds.read());
  const foreign = before.filter(({ by }) => by !== terms.by);
  const weakened = force
    ? undefined
    : foreign.find((hold) => isWeakened(hold, { weight, until: terms.until }));
  if (weakened !== undefined) {
    const text = `${holdText(weakened, date().getTime())}; --force replaces the hold`;
    throw new UsageError(text, `${weakened.server} of ${weakened.service}`);
  }
  if (!force) await unlessUnanswered(() => refuseLoss(servers, weight, store));
  await holds.add(servers, weight, terms, new DrainedWeights(store));
  const unread = (await keptIfAnswered(servers, store, (reason) => err.write(unconfirmed(reason)))).find(
    ({ held = weight }) => held !== weight,
  );
  if (unread === undefined) return foreign;
  await holds.replace(servers, before);
  throw new HostError(
    `hold ${describeServer(unread.server)}`,
    `the agent (process ${unread.pid}) keeps its holds in another directory; give that of the agent with --state-dir`,
  );
}

/**
 * The servers whose weights the agent sets. A hold needs no answer of the agent before it.
 * @param terms of the hold; undefined if none is to begin
 * @throws UsageError if the agent would undo a change of weights, HostError if it does not answer; neither for a hold
 */
export async function keptForChange(
  servers: readonly Found[],
  terms: Terms | undefined,
  store: Store,
): Promise<Kept[]> {
  if (terms !== undefined) return keptIfAnswered(servers, store, () => {});
  const kept = await keptByAgent(servers, store);
  refuseKept(kept);
  return kept;
}

/** @param told takes why the agent has not answered: no server is kept then */
async function keptIfAnswered(
  servers: readonly Found[],
  store: Store,
  told: (reason: string) => unknown,
): Promise<Kept[]> {
  return (await unlessUnanswered(() => keptByAgent(servers, store), told)) ?? [];
}

/** Undefined if the agent does not answer. */
async function unlessUnanswered<T>(
  ask: () => Promise<T>,
  told: (reason: string) => unknown = () => {},
): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    await told(error.message);
    return undefined;
  }
}

const unconfirmed = (reason: string): string =>
  `lvsadm: held, but not confirmed by the agent: ${printable(reason)}\n`;
