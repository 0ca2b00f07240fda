/** `lvsadm announce`: the virtual addresses that the agent announces; taken away for maintenance; as routes for ExaBGP. */
import type { AnnounceReport, VipAction } from '../agent/announce/announce-report.js';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { type Json, toJson } from '../output/json.js';
import { lingerOption } from './announce/announcing.js';
import { feedExabgp } from './announce/exabgp.js';
import { reportText } from './announce/report.js';
import { withoutAgent } from './announce/without-agent.js';
import { defineCommand } from './command.js';
import { askAgent, ifPresent } from './shared/agent/running-agent.js';
import { Interruption } from './shared/change/interruption.js';
import { jsonOption } from './shared/server.js';
import { openStore, runDirOption, stateDirOption } from './shared/store.js';

const DONE = 0;
const NOT_DONE = 1;

/** Milliseconds between two questions, and until devices that do not follow are given up. */
const POLL = 100;
const PATIENCE = 10_000;

export const command = defineCommand({
  positionals: {
    vip: {
      type: 'address',
      optional: true,
      describe: 'ask the agent about this virtual address alone: is it announced, or to be announced?',
    },
  },
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
  exitStatuses: {
    [DONE]: 'done; ADDRESS is announced',
    [NOT_DONE]: 'the device does not follow; ADDRESS is not announced',
  },
  examples: [
    ['lvsadm announce', 'which addresses are announced, and why others are not'],
    [
      'lvsadm announce 192.0.2.10',
      'exit status 1 if clients are to go elsewhere: for a vrrp_script of keepalived',
    ],
    ['lvsadm announce --withdraw', 'before maintenance: clients go to other directors'],
    ['lvsadm announce --exabgp --med 100', 'in the section process of exabgp.conf'],
  ],
  async run(
    context,
    { vip, withdraw, restore, exabgp, med, community, holdTime, linger, json, stateDir, runDir },
  ) {
    const store = openStore(context, runDir);
    const path = store.socketPath('agent');
    if (exabgp) {
      if (vip !== undefined) throw new UsageError('cannot be combined with --exabgp', vip);
      const other = Object.entries({ withdraw, restore, json }).find(([, isGiven]) => isGiven)?.[0];
      if (other !== undefined) throw new UsageError('cannot be combined with --exabgp', `--${other}`);
      const hold = holdTime === undefined ? undefined : holdTime * 1000;
      return feedExabgp(path, { med, communities: community, holdTime: hold }, context);
    }
    const ofExabgp = Object.entries({ med, 'hold-time': holdTime, community: community[0] });
    const useless = ofExabgp.find(([, value]) => value !== undefined)?.[0];
    if (useless !== undefined) throw new UsageError('is for --exabgp', `--${useless}`);
    const action: VipAction = withdraw ? 'withdraw' : restore ? 'restore' : 'show';
    if (vip !== undefined) {
      if (action !== 'show') throw new UsageError('is about all addresses', `--${action}`);
      return showOne(await ofAgent(path, action, context), vip, json, context);
    }
    const report =
      (await ifPresent(ofAgent(path, action, context))) ??
      (await withoutAgent(action, { store, stateDir, linger }, context));
    await show(report, json, context);
    return action !== 'show' && report.busy ? NOT_DONE : DONE;
  },
});

async function show(report: AnnounceReport, json: boolean, context: Context): Promise<void> {
  await context.out.write(json ? toJson(report as unknown as Json) : await reportText(report, context));
}

/** @returns whether it is announced, as a status; without a device, whether it is to be */
async function showOne(
  report: AnnounceReport,
  address: string,
  json: boolean,
  context: Context,
): Promise<number> {
  const found = report.vips.find(({ vip }) => vip === address);
  if (found === undefined) throw new UsageError('no virtual address of the documents', address);
  await show({ ...report, vips: [found] }, json, context);
  return (found.announced ?? found.wanted) === true ? DONE : NOT_DONE;
}

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
