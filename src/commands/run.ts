/** `lvsadm run`: the agent. */
import { UsageError } from '../errors.js';
import type { NetlinkUser } from '../system/network/netlink-users.js';
import { lingerOption } from './announce/announcing.js';
import { defineCommand, type Options } from './command.js';
import { AgentProcess } from './run/agent-process.js';
import { FleetAgent } from './run/fleet-agent.js';
import { nothing } from './run/fleet-documents.js';
import { OwnDocuments } from './run/own-documents.js';
import { requireNonePending } from './shared/change/confirmation.js';
import { fileOption } from './shared/change/desired-state.js';
import { removalOptions } from './shared/change/removal-limits.js';
import { directorOptions } from './shared/fleet/audience.js';
import { storeOptions } from './shared/fleet/fleet-store.js';
import { openStore, runDirOption, stateDirOption, tellStateDirectory } from './shared/store.js';
import { FileWatch } from './shared/watch.js';

const DONE = 0;

/** Milliseconds to wait for a drain or a weight, which take the lock of an apply while they record the table. */
const RECORDING = 1000;

const { required: _, ...file } = fileOption.file;

const options = {
  file: { ...file, describe: 'document, or directory of documents (required without --store)' },
  ...storeOptions,
  'store-programs': { type: 'flag', describe: 'take releases that name programs, which run as root here' },
  node: { type: 'node', describe: 'name of this director in the fleet (required by --store)' },
  prune: { type: 'flag', describe: 'remove services and sync daemons that are not in the documents' },
  ...removalOptions,
  'max-remove': { ...removalOptions['max-remove'], defaultText: '50%, with --store 20%' },
  resync: { type: 'seconds', default: 30, describe: 'time after which the table is compared again' },
  log: {
    choices: ['text', 'json'],
    default: 'text',
    describe: 'form of the lines on standard output: one for each change of a weight, with its reason',
  },
  metrics: {
    type: 'listen',
    describe: 'serve /metrics there: those of lvsadm metrics, and lvs_health_*',
    defaultText: 'none are served',
  },
  announce: {
    type: 'interface',
    describe:
      'dummy device that gets the virtual addresses whose services have their quorums, for a routing daemon',
    defaultText: 'none',
  },
  ...lingerOption,
  ...directorOptions,
  'take-over': { type: 'flag', describe: 'start although keepalived or ldirectord runs here' },
  ...stateDirOption,
  ...runDirOption,
} as const satisfies Options;

export const command = defineCommand({
  options,
  notes:
    'The agent applies the documents, runs the checks of their servers, and keeps the weights in the kernel at what the results say. ' +
    'It reads the documents again at SIGHUP, and when a file has changed and two looks a second apart agree on it. SIGTERM ends it; the ' +
    'table stays as it is. States of servers outlive a restart, which changes no weight. While it runs, lvsadm apply is refused.',
  exitStatuses: {
    [DONE]: 'SIGTERM or SIGINT ended it',
    2: 'the command line is wrong, or another program keeps the table; or the documents are wrong, and standard error is a terminal or no earlier ones of the same --file are kept; nothing was changed',
    75: 'another agent, or an apply, runs in this network namespace; or a change waits for lvsadm confirm',
  },
  examples: [
    ['lvsadm run -f /etc/lvsadm', 'keep the table as the documents in /etc/lvsadm and the checks say'],
    ['lvsadm run -f web.yaml --log json', 'JSON lines, for a collector of logs'],
  ],
  async run(context, values) {
    if (values.node !== undefined && values.file.length > 0) throw new UsageError('is for --store', '--node');
    if (values.file.includes('-')) throw new UsageError('standard input cannot be read again', '--file');
    if (!values.takeOver) {
      const { netlinkUsers } = await import('../system/network/netlink-users.js');
      refuseRivals((await netlinkUsers()).users);
    }
    const watch = new FileWatch(values.file, context);
    context.onReload?.(() => watch.wake());
    // Taken before the files are read, so that a change in between is seen.
    await watch.begin();
    const fleet = FleetAgent.isWanted(values, values.file, context)
      ? new FleetAgent(context, values, () => watch.wake())
      : undefined;
    // Before the locks: a mistake in a document needs none.
    const own = new OwnDocuments(context, values);
    const documents = fleet ? nothing : await own.first();
    const store = openStore(context, values.runDir);
    const releases: (() => void)[] = [];
    try {
      releases.push(await store.lock('agent', 'running the agent here', { wait: 0 }));
      releases.push(await store.lock('apply', 'applying documents here', { wait: RECORDING }));
      // The agent would undo what takes the change back.
      requireNonePending(store);
      await tellStateDirectory(context, store, values.stateDir);
      await new AgentProcess(context, values, documents, fleet ?? own).run(watch);
      return DONE;
    } finally {
      for (const release of releases) release();
    }
  },
});

/** Programs that check servers and change the table by themselves. */
const rivals = ['keepalived', 'ldirectord', 'seesaw_ncc'];

/** @throws UsageError if one of them runs in this network namespace */
export function refuseRivals(users: readonly NetlinkUser[]): void {
  const rival = users.find(({ name }) => rivals.includes(name));
  if (rival === undefined) return;
  throw new UsageError(
    `${rival.name} (process ${rival.pid}) runs here, and may change the table: stop it, or start with --take-over if it has no virtual servers`,
  );
}
