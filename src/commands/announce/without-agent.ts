/** Announcing while no agent runs: the addresses that the last one left, shown or withdrawn. */
import { type AnnounceReport, reportOf, type VipAction } from '../../agent/announce/announce-report.js';
import type { AgentEvent } from '../../agent/reports/event.js';
import type { Context } from '../../context.js';
import { HostError } from '../../errors.js';
import { printable } from '../../foreign-text.js';
import type { Store } from '../../system/files/store.js';
import { Interruption } from '../shared/change/interruption.js';
import { requireStateDirectory } from '../shared/store.js';
import { Announcing, clockOf } from './announcing.js';

/** Milliseconds between two looks, and beyond the linger time until the kernel is given up. */
const POLL = 100;
const PATIENCE = 10_000;

export interface WithoutAgentOptions {
  readonly store: Store;
  readonly stateDir: string | undefined;
  /** Seconds. */
  readonly linger: number;
}

/**
 * Does the agent's work in its place, and waits until addresses have left lo.
 * @throws UsageError if the last one had its state in another directory, LockedError if an agent runs that does not answer, HostError if the next one will not know of the withdrawal
 */
export async function withoutAgent(
  action: VipAction,
  { store, stateDir, linger }: WithoutAgentOptions,
  context: Context,
): Promise<AnnounceReport> {
  requireStateDirectory(context, store, stateDir);
  const release =
    action === 'show' ? () => {} : await store.lock('agent', 'running the agent here', { wait: 0 });
  const interruption = new Interruption(context);
  let failure: unknown;
  const announcing = new Announcing(
    context,
    { device: undefined, linger, stateDir },
    {
      clock: clockOf(context),
      tell: ({ event, reason }: AgentEvent) => {
        if (event === 'problem') void context.err.write(`lvsadm: ${printable(reason)}\n`);
      },
      fail: (error) => {
        failure = error;
      },
    },
  );
  const { announcer } = announcing;
  try {
    const problem = action === 'show' ? undefined : await announcer.hold(action === 'withdraw');
    const end = context.now() + linger * 1000 + PATIENCE;
    const isDone = (): boolean => action !== 'withdraw' || announcer.ownAddresses.length === 0;
    while (!isDone() && context.now() < end && !interruption.requested && failure === undefined)
      await interruption.sleep(POLL);
    if (failure !== undefined) throw failure;
    if (problem !== undefined) throw new HostError(`keep ${action} for the next start`, problem);
    const left = announcer.ownAddresses.filter(({ device }) => device !== 'lo');
    return {
      ...reportOf(announcer),
      agent: false,
      busy: !isDone(),
      vips: left.map(({ address, device }) => ({
        vip: address,
        wanted: null,
        announced: true,
        lingering: false,
        reason: `the last agent left it on ${device}`,
      })),
    };
  } finally {
    await announcing.close();
    release();
  }
}
