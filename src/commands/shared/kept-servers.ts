/** Servers whose weights the agent of this network namespace sets. */
import type { HoldsReport } from '../../agent/holds-report.js';
import { UsageError } from '../../errors.js';
import { holdKey } from '../../model/hold.js';
import type { Store } from '../../system/store.js';
import { askAgent, ifPresent } from './running-agent.js';
import { describeServer, type Found, nameOf } from './server.js';

/** A server whose weight the agent sets. */
export interface Kept {
  readonly server: Found;
  /** Of the agent. */
  readonly pid: number;
  /** The weight that it has set. */
  readonly weight: number;
  /** The weight of its hold, as the agent knows it; null without one, undefined from an agent of an earlier version. */
  readonly held: number | null | undefined;
}

/**
 * Has the agent read the holds, and set the weights that follow.
 * @returns the servers of which it sets the weights; none if no agent runs
 */
export async function keptByAgent(servers: readonly Found[], store: Store): Promise<Kept[]> {
  const path = store.socketPath('agent');
  const kept: Kept[] = [];
  for (const service of new Set(servers.map((server) => nameOf(server).service))) {
    const answer = await ifPresent(askAgent<HoldsReport>(path, { holds: service }));
    if (answer === undefined) return [];
    const known = new Map(answer.servers.map((each) => [`${service} ${each.server}`, each]));
    for (const server of servers) {
      const { weight, held } = known.get(holdKey(nameOf(server))) ?? {};
      if (weight !== undefined) kept.push({ server, pid: answer.pid, weight, held });
    }
  }
  return kept;
}

/** @throws UsageError if the agent would undo a change of their weights */
export function refuseKept([first]: readonly Kept[]): void {
  if (first === undefined) return;
  throw new UsageError(
    `the agent (process ${first.pid}) sets its weight, and would undo the change; --hold makes it stay`,
    describeServer(first.server),
  );
}
