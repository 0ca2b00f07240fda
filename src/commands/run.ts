/** `lvsadm run`: the agent. */
import { Agent } from '../agent/agent.js';
import { answerAnnouncing } from '../agent/announce-report.js';
import { type AgentEvent, eventText } from '../agent/event.js';
import { healthMetrics } from '../agent/health-metrics.js';
import { answerHealth } from '../agent/health-report.js';
import type { Context } from '../context.js';
import { type NamedText, requireEnds } from '../document/load.js';
import { UsageError } from '../errors.js';
import { runCheck } from '../health/run-check.js';
import type { DesiredState } from '../model/state.js';
import { toJsonLine } from '../output/json.js';
import { serveHttp } from '../system/http-server.js';
import { serveLines } from '../system/line-socket.js';
import type { NetlinkUser } from '../system/netlink-users.js';
import { Supervisor } from '../system/supervisor.js';
import { Announcing, clockOf, lingerOption } from './announce/announcing.js';
import { defineCommand, type Options, type Values } from './command.js';
import { metricsHandler } from './metrics/endpoint.js';
import { Exporter } from './metrics/exporter.js';
import { KernelTable } from './run/kernel-table.js';
import { MemoryStore } from './run/memory-store.js';
import { runQuorumCommand } from './run/quorum-command.js';
import { fileOption, readDesired } from './shared/desired-state.js';
import { removalOptions } from './shared/removal-limits.js';
import { openStore, runDirOption, stateDirOption } from './shared/store.js';
import { failureOf, type Pass, watchFiles } from './shared/watch.js';

const DONE = 0;
const NOT_DONE = 1;

const options = {
  file: { ...fileOption.file, describe: 'document, or directory of documents' },
  prune: { type: 'flag', describe: 'remove services and sync daemons that are not in the documents' },
  ...removalOptions,
  'max-remove': { ...removalOptions['max-remove'], defaultText: '50%' },
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
    [NOT_DONE]: 'the kernel refused a change of the first application',
    2: 'the documents or the command line are wrong, or another program keeps the table; nothing was changed',
    75: 'another agent, or an apply, runs in this network namespace',
  },
  examples: [
    ['lvsadm run -f /etc/lvsadm', 'keep the table as the documents in /etc/lvsadm and the checks say'],
    ['lvsadm run -f web.yaml --log json', 'JSON lines, for a collector of logs'],
  ],
  async run(context, values) {
    if (values.file.includes('-')) throw new UsageError('standard input cannot be read again', '--file');
    if (!values.takeOver) {
      const { netlinkUsers } = await import('../system/netlink-users.js');
      refuseRivals((await netlinkUsers()).users);
    }
    // Before the locks: a mistake in a document needs none.
    const { state, texts } = await readDesired(context, { ...values, only: [] });
    const store = openStore(context, values.runDir);
    const releases: (() => void)[] = [];
    try {
      releases.push(await store.lock('agent', 'running the agent here', { wait: 0 }));
      releases.push(await store.lock('apply', 'applying documents here', { wait: 0 }));
      return await new AgentProcess(context, values).run(state, texts);
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

/** The agent with its files, its log and its supervisor. */
class AgentProcess {
  private readonly table: KernelTable;
  private readonly agent: Agent;
  private readonly announcing: Announcing;
  private readonly failed: Promise<never>;
  private fail: (error: unknown) => void = () => {};
  private logged: Promise<unknown> = Promise.resolve();
  private applied: readonly NamedText[] = [];
  private current: DesiredState = {};
  /** What is closed at the end, with all that goes on there. */
  private readonly servers: { close(): Promise<void> | void }[] = [];

  constructor(
    private readonly context: Context,
    private readonly values: Values<typeof options>,
  ) {
    this.failed = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failed.catch(() => {});
    this.table = new KernelTable(context, values);
    const memory = new MemoryStore(context, values.stateDir);
    const fail = (error: unknown): void => this.fail(error);
    const tell = (event: AgentEvent): void => this.tell(event);
    const clock = clockOf(context);
    this.announcing = new Announcing(context, { ...values, device: values.announce }, { clock, tell, fail });
    this.agent = new Agent(
      {
        clock,
        random: Math.random,
        run: ({ check, target }, stop) => runCheck(check, target, stop),
        fail,
        reconcile: this.table.reconcile,
        remember: memory.write,
        runCommand: runQuorumCommand,
        tell,
        announce: (vips, isComplete) => this.announcing.announcer.settle(vips, isComplete),
      },
      memory.read(),
    );
  }

  async run(state: DesiredState, texts: readonly NamedText[]): Promise<number> {
    const { context, values, agent } = this;
    const { env, err } = context;
    const warn = (line: string) => void err.write(`lvsadm: ${line}\n`);
    const supervisor = new Supervisor({
      env,
      warn,
      every: (interval, call) => void setInterval(call, interval),
    });
    try {
      [this.current, this.applied] = [state, texts];
      await this.announcing.prepare();
      const { converged } = await agent.load(state, 'start');
      if (!converged) return NOT_DONE;
      await this.serve();
      await supervisor.ready();
      context.onReload?.(() => void this.reloadNow().catch(this.fail));
      const watching = watchFiles(values.file, values.resync, context, (pass) => this.pass(pass));
      await Promise.race([watching, this.failed]);
      await supervisor.tell('STOPPING=1');
      return DONE;
    } finally {
      await Promise.all(this.servers.map((server) => server.close()));
      await agent.stop();
      await this.announcing.close();
      this.table.close();
      await this.logged;
    }
  }

  /** Serves the questions of `lvsadm health`, and metrics. */
  private async serve(): Promise<void> {
    const { context, agent, values } = this;
    const { announcer } = this.announcing;
    const path = openStore(context, values.runDir).socketPath('agent');
    const answer = (question: string): string =>
      answerAnnouncing(announcer, question) ?? answerHealth(agent, question, context.now());
    this.servers.push(await serveLines(path, answer, context.files));
    if (values.metrics === undefined) return;
    const warn = (reason: string): void => void context.err.write(`lvsadm: scrape failed: ${reason}\n`);
    const families = () => healthMetrics(agent, context.now());
    const exporter = new Exporter(context, undefined, false, warn, families);
    this.servers.push(await serveHttp(values.metrics, metricsHandler(exporter)), exporter);
  }

  private async pass(pass: Pass): Promise<void> {
    if (pass.cause === 'change') await this.reload(pass);
    else await this.agent.load(this.current, 'resync');
  }

  /** SIGHUP. */
  private async reloadNow(): Promise<void> {
    const failure = await failureOf(() => this.reload());
    if (failure !== undefined) await this.context.err.write(failure);
  }

  private async reload(pass?: Pass): Promise<void> {
    try {
      const { state, texts } = await readDesired(this.context, { ...this.values, only: [] });
      requireEnds(texts, this.applied);
      // The next look finds them settled.
      if (await pass?.isOver()) return;
      await this.agent.load(state, 'reload');
      [this.current, this.applied] = [state, texts];
    } catch (error) {
      // The documents before hold on.
      await this.agent.load(this.current, 'resync');
      throw error;
    }
  }

  private tell(event: AgentEvent): void {
    const { out, date } = this.context;
    const time = date().toISOString();
    const line =
      this.values.log === 'json' ? toJsonLine({ time, ...event }) : `${time} ${eventText(event)}\n`;
    this.logged = this.logged.then(() => out.write(line));
    this.logged.catch(this.fail);
  }
}
