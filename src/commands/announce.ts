/** `lvsadm announce`: the virtual addresses that the agent announces; taken away for maintenance; as routes for ExaBGP. */
import type { AnnounceReport, VipAction } from '../agent/announce-report.js';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { type Json, toJson } from '../output/json.js';
import { lingerOption } from './announce/announcing.js';
import { feedExabgp } from './announce/exabgp.js';
import { reportText } from './announce/report.js';
import { withoutAgent } from './announce/without-agent.js';
import { defineCommand } from './command.js';
import { Interruption } from './shared/interruption.js';
import { askAgent, ifPresent } from './shared/running-agent.js';
import { jsonOption } from './shared/server.js';
import { openStore, runDirOption, stateDirOption } from './shared/store.js';

const DONE = 0;
const NOT_DONE = 1;

/** Milliseconds between two questions, and until devices that do not follow are given up. */
const POLL = 100;
const PATIENCE = 10_000;

export const command = defineCommand({
  options: {
    withdraw: { type: 'flag', describe: 'withdraw all addresses until --restore, whatever the quorums are' },
    restore: {
      type: 'flag',
      conflicts: 'withdraw',
      describe: 'end --withdraw: addresses whose services have their quorums are announced again',
    },
    exabgp: {
      type: 'flag',
      describe: 'keep running as a process of ExaBGP: write routes (encoder text) to standard output',
    },
    med: { type: 'med', describe: 'with --exabgp: MED of the routes', defaultText: 'none' },
    community: {
      type: 'community',
      many: true,
      describe: 'with --exabgp: community of the routes',
      defaultText: 'none',
    },
    'hold-time': {
      type: 'seconds',
      describe: 'with --exabgp: time without an agent after which all routes are withdrawn',
      defaultText: 'they stay',
    },
    ...lingerOption,
    ...jsonOption,
    ...stateDirOption,
    ...runDirOption,
  },
  notes:
    'The agent of this network namespace (lvsadm run) is asked. Without an agent the addresses that the last one announced are shown, and ' +
    '--withdraw takes them away; --linger is for this case. --withdraw outlives the agent and a reboot. The process of ExaBGP ends with its standard ' +
    'input; each line of a neighbor that is up makes it write all routes again.',
  exitStatuses: { [DONE]: 'done', [NOT_DONE]: 'the device does not follow' },
  examples: [
    ['lvsadm announce', 'which addresses are announced, and why others are not'],
    ['lvsadm announce --withdraw', 'before maintenance: clients go to other directors'],
    ['lvsadm announce --exabgp --med 100', 'in the section process of exabgp.conf'],
  ],
  async run(
    context,
    { withdraw, restore, exabgp, med, community, holdTime, linger, json, stateDir, runDir },
  ) {
    const store = openStore(context, runDir);
    const path = store.socketPath('agent');
    if (exabgp) {
      const other = Object.entries({ withdraw, restore, json }).find(([, isGiven]) => isGiven)?.[0];
      if (other !== undefined) throw new UsageError('cannot be combined with --exabgp', `--${other}`);
      const hold = holdTime === undefined ? undefined : holdTime * 1000;
      return feedExabgp(path, { med, communities: community, holdTime: hold }, context);
    }
    const ofExabgp = Object.entries({ med, 'hold-time': holdTime, community: community[0] });
    const useless = ofExabgp.find(([, value]) => value !== undefined)?.[0];
    if (useless !== undefined) throw new UsageError('is for --exabgp', `--${useless}`);
    const action: VipAction = withdraw ? 'withdraw' : restore ? 'restore' : 'show';
    const report =
      (await ifPresent(ofAgent(path, action, context))) ??
      (await withoutAgent(action, { store, stateDir, linger }, context));
    await context.out.write(json ? toJson(report as unknown as Json) : await reportText(report, context));
    return action !== 'show' && report.busy ? NOT_DONE : DONE;
  },
});

/** What is announced once the devices have followed. */
async function ofAgent(path: string, action: VipAction, context: Context): Promise<AnnounceReport> {
  const interruption = new Interruption(context);
  const end = context.now() + PATIENCE;
  let report = await askAgent<AnnounceReport>(path, { about: 'vips', action });
  while (action !== 'show' && report.busy && context.now() < end && !interruption.requested) {
    await interruption.sleep(POLL);
    report = await askAgent<AnnounceReport>(path, { about: 'vips' });
  }
  return report;
}
