/** Servers whose weights the agent of this network namespace sets. */
import type { HoldLoss } from '../../../agent/hold-loss.js';
import type { HoldsReport } from '../../../agent/reports/holds-report.js';
import { UsageError } from '../../../errors.js';
import { holdKey } from '../../../model/hold.js';
import type { Store } from '../../../system/files/store.js';
import { askAgent, ifPresent } from '../agent/running-agent.js';
import { describeServer, type Found, nameOf, someNames } from '../server.js';

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

/** @throws UsageError for a hold with which a service loses its quorum, and so clients an address; HostError if the agent does not answer */
export async function refuseLoss(servers: readonly Found[], weight: number, store: Store): Promise<void> {
  const names = servers.map(nameOf);
  for (const service of new Set(names.map((each) => each.service))) {
    const ofService = names.filter((each) => each.service === service);
    const attempt = { servers: ofService.map(({ server }) => server), weight };
    const question = askAgent<HoldsReport>(store.socketPath('agent'), { holds: service, attempt });
    const { loss } = (await ifPresent(question)) ?? {};
    if (loss) throw new UsageError(`${lossText(loss)}; --force holds it all the same`, service);
  }
}

/** `would lose its quorum (weight 0 of the 10 needed), and 192.0.2.10 be withdrawn, also for tcp://192.0.2.10:443` */
function lossText({ left, needed, address, beside }: HoldLoss): string {
  const quorum = `would lose its quorum (weight ${left} of the ${needed} needed)`;
  if (address === null) return quorum;
  return `${quorum}, and ${address} be withdrawn${beside.length === 0 ? '' : `, also for ${someNames(beside)}`}`;
}

/** @throws UsageError if the agent would undo a change of their weights */
export function refuseKept([first]: readonly Kept[]): void {
  if (first === undefined) return;
  throw new UsageError(
    `the agent (process ${first.pid}) sets its weight, and would undo the change; --hold makes it stay`,
    describeServer(first.server),
  );
}
