/** The agent with its files, its sockets, its log and its supervisor. */
import { Agent, type AgentPorts } from '../../agent/agent.js';
import { answerAnnouncing } from '../../agent/announce-report.js';
import { healthMetrics } from '../../agent/health-metrics.js';
import { answerHealth, healthReport } from '../../agent/health-report.js';
import { answerHolds } from '../../agent/holds-report.js';
import type { Context } from '../../context.js';
import type { LvsadmError } from '../../errors.js';
import { printable } from '../../foreign-text.js';
import type { Probers } from '../../health/path/probers.js';
import { type ListenAddress, serveHttp } from '../../system/http-server.js';
import { serveLines } from '../../system/line-socket.js';
import { Supervisor } from '../../system/supervisor.js';
import { Announcing, clockOf } from '../announce/announcing.js';
import { metricsHandler } from '../metrics/endpoint.js';
import { Exporter } from '../metrics/exporter.js';
import { countHandshakes } from '../shared/connection-table.js';
import { HoldStore } from '../shared/holds.js';
import { openProbers } from '../shared/path-probers.js';
import { readOwnDocuments } from '../shared/root-programs.js';
import { openStore } from '../shared/store.js';
import type { FileWatch } from '../shared/watch.js';
import { AgentLog } from './agent-log.js';
import { KernelTable, type TableLimits } from './kernel-table.js';
import { Listeners, type OpenListener } from './listeners.js';
import { type Documents, Looks } from './looks.js';
import { MemoryStore } from './memory-store.js';
import { runQuorumCommand } from './quorum-command.js';

export interface AgentValues extends TableLimits {
  readonly file: readonly string[];
  /** Seconds. */
  readonly resync: number;
  readonly log: 'text' | 'json';
  readonly metrics: ListenAddress | undefined;
  /** The device that gets the addresses whose services have their quorums. */
  readonly announce: string | undefined;
  /** Seconds. */
  readonly linger: number;
  readonly stateDir: string | undefined;
  readonly runDir: string | undefined;
}

export class AgentProcess {
  private readonly table: KernelTable;
  private readonly probers: Probers;
  private readonly agent: Agent;
  private readonly announcing: Announcing;
  private readonly looks: Looks;
  private readonly supervisor: Supervisor;
  private readonly listeners: Listeners;
  private readonly failed: Promise<never>;
  private fail: (error: unknown) => void = () => {};
  private readonly log: AgentLog;
  /** Whether the documents have been applied completely. */
  private isReady = false;

  constructor(
    private readonly context: Context,
    private readonly values: AgentValues,
    documents: Documents,
  ) {
    this.failed = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failed.catch(() => {});
    const fail = (error: unknown): void => this.fail(error);
    this.log = new AgentLog(context, values.log, fail);
    const { tell } = this.log;
    const ports = { clock: clockOf(context), tell, fail };
    this.table = new KernelTable(context, values);
    this.announcing = new Announcing(context, { ...values, device: values.announce }, ports);
    this.probers = openProbers(context);
    this.agent = this.newAgent(ports);
    this.listeners = new Listeners(this.openings(), (reason) => tell({ event: 'problem', reason }));
    this.supervisor = new Supervisor({
      env: context.env,
      warn: (line) => void context.err.write(`lvsadm: ${line}\n`),
      every: (interval, call) => void setInterval(call, interval),
    });
    const lookPorts = {
      read: () => readOwnDocuments(context, values),
      load: this.agent.load.bind(this.agent),
      ended: (failure: LvsadmError | 'refused' | undefined) => this.looked(failure),
      fail,
    };
    this.looks = new Looks(lookPorts, documents, values.resync * 1000);
  }

  /** Runs until SIGTERM or SIGINT. @param watch of the documents, begun before they were read */
  async run(watch: FileWatch): Promise<void> {
    const { agent, looks, listeners, supervisor, announcing } = this;
    try {
      await announcing.prepare();
      const watching = watch.run(
        (pass) => looks.look(pass),
        () => looks.pause,
      );
      await Promise.race([watching, this.failed]);
      await supervisor.tell('STOPPING=1');
    } finally {
      watch.end();
      await listeners.close();
      await agent.stop();
      await this.probers.end();
      await announcing.close();
      this.table.close();
      await this.log.idle();
    }
  }

  private newAgent(ports: Pick<AgentPorts, 'clock' | 'tell' | 'fail'>): Agent {
    const { context } = this;
    const memory = new MemoryStore(context, this.values.stateDir);
    const holds = new HoldStore(context, this.values.stateDir);
    const { announcer } = this.announcing;
    return new Agent(
      {
        ...ports,
        random: Math.random,
        run: this.probers.run,
        reconcile: this.table.reconcile,
        remember: memory.write,
        readHolds: () => holds.read(),
        time: () => context.date().getTime(),
        runCommand: runQuorumCommand,
        countHandshakes: (servers) => countHandshakes(context, servers),
        announce: (vips, isComplete) => announcer.settle(vips, isComplete),
      },
      memory.read(),
    );
  }

  private async looked(failure: LvsadmError | 'refused' | undefined): Promise<void> {
    const { agent, supervisor } = this;
    if (typeof failure === 'object') agent.problem(failure);
    await this.listeners.open();
    if (this.isReady) return;
    if (failure !== undefined) {
      const reason = failure === 'refused' ? 'the kernel refused a change' : failure.message;
      return supervisor.tell(`STATUS=${printable(reason)}; trying again`);
    }
    this.isReady = true;
    await supervisor.ready();
    await supervisor.tell('STATUS=');
  }

  /** The questions of `lvsadm health`, and metrics. */
  private openings(): OpenListener[] {
    const { context, agent, values } = this;
    const { announcer } = this.announcing;
    const answer = (question: string) =>
      answerAnnouncing(announcer, question) ??
      answerHolds(agent, question) ??
      answerHealth(agent, question, context.now());
    const control = () =>
      serveLines(openStore(context, values.runDir).socketPath('agent'), answer, context.files);
    const { metrics } = values;
    if (metrics === undefined) return [control];
    const warn = (reason: string): void => void context.err.write(`lvsadm: scrape failed: ${reason}\n`);
    const families = () => healthMetrics(healthReport(agent, undefined, context.now()));
    const exporter = new Exporter(context, undefined, false, warn, families);
    return [control, () => serveHttp(metrics, metricsHandler(exporter)), async () => exporter];
  }
}
