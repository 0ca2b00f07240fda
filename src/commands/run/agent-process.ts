/** The agent with its files, its sockets, its log and its supervisor. */
import { Agent } from '../../agent/agent.js';
import type { AgentPorts } from '../../agent/agent-ports.js';
import { answerAnnouncing } from '../../agent/announce/announce-report.js';
import type { AgentEvent } from '../../agent/reports/event.js';
import { healthMetrics } from '../../agent/reports/health-metrics.js';
import { answerHealth, healthReport } from '../../agent/reports/health-report.js';
import { answerHolds } from '../../agent/reports/holds-report.js';
import { sharedChecks, stateOf } from '../../agent/watched-service.js';
import type { Context } from '../../context.js';
import { LvsadmError, type UsageError } from '../../errors.js';
import type { Condition } from '../../fleet/member-ports.js';
import { printable } from '../../foreign-text.js';
import type { Probers } from '../../health/path/probers.js';
import { noHolds } from '../../model/hold.js';
import { type ListenAddress, serveHttp } from '../../system/network/http-server.js';
import { serveLines } from '../../system/network/line-socket.js';
import { Supervisor } from '../../system/programs/supervisor.js';
import { Announcing, clockOf } from '../announce/announcing.js';
import type { Values } from '../command.js';
import { metricsHandler } from '../metrics/endpoint.js';
import { Exporter } from '../metrics/exporter.js';
import { openProbers } from '../shared/agent/path-probers.js';
import { fleetLimit } from '../shared/change/removal-limits.js';
import { countHandshakes } from '../shared/connection-table.js';
import type { directorOptions } from '../shared/fleet/audience.js';
import { HoldStore } from '../shared/holds/holds.js';
import { openStore } from '../shared/store.js';
import type { FileWatch, Pass } from '../shared/watch.js';
import { AgentLog } from './agent-log.js';
import { FleetAgent } from './fleet-agent.js';
import { fleetMetrics } from './fleet-metrics.js';
import { HashOrders } from './hash-orders.js';
import { KernelTable, type TableLimits } from './kernel-table.js';
import { Listeners, type OpenListener } from './listeners.js';
import { type Documents, Looks } from './looks.js';
import { MemoryStore } from './memory-store.js';
import { OwnDocuments } from './own-documents.js';
import { runQuorumCommand } from './quorum-command.js';

export interface AgentValues extends TableLimits, Values<typeof directorOptions> {
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

/** Milliseconds for a look, beyond the time until it is due. */
const LOOK_PATIENCE = 60_000;

export class AgentProcess {
  private readonly orders = new HashOrders(() => this.context.now());
  private readonly table: KernelTable;
  private readonly probers: Probers;
  private readonly agent: Agent;
  private readonly memory: MemoryStore;
  private readonly announcing: Announcing;
  private readonly looks: Looks;
  private readonly supervisor: Supervisor;
  private readonly listeners: Listeners;
  private readonly failed: Promise<never>;
  private fail: (error: unknown) => void = () => {};
  private readonly log: AgentLog;
  /** Why the last look failed, if it will be tried again. */
  private trouble: LvsadmError | undefined;
  /** Why the table may not be as the documents say. */
  private lastProblem: string | undefined;
  /** When the last look, or its reading of documents, ended, on the clock. */
  private lastLook = 0;
  /** Whether documents are being read. */
  private isReading = false;
  /** What systemd was told last. */
  private status: string | undefined;
  /** Whether the documents have been applied completely. */
  private isReady = false;

  constructor(
    private readonly context: Context,
    private readonly values: AgentValues,
    documents: Documents,
    /** Where the documents are from. */
    private readonly source: FleetAgent | OwnDocuments,
  ) {
    const { fleet } = this;
    this.failed = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failed.catch(() => {});
    const fail = (error: unknown): void => this.fail(error);
    this.log = new AgentLog(context, values.log, fail);
    const tell = (event: AgentEvent): void => {
      this.note(event);
      this.log.tell(event);
    };
    const ports = { clock: clockOf(context), tell, fail };
    const { maxRemove = fleet && fleetLimit } = values;
    const limits = { ...values, maxRemove, isWayBack: () => fleet?.documents.isWayBack ?? false };
    this.table = new KernelTable(context, limits, fleet && this.orders);
    this.announcing = new Announcing(context, { ...values, device: values.announce }, ports);
    this.memory = new MemoryStore(context, values.stateDir);
    this.probers = openProbers(context);
    this.agent = this.newAgent(ports);
    this.listeners = new Listeners(this.openings(), (reason) => tell({ event: 'problem', reason }));
    this.supervisor = new Supervisor({
      env: context.env,
      warn: (line) => void context.err.write(`lvsadm: ${line}\n`),
      every: (interval, call) => void setInterval(call, interval),
      isAlive: () => this.isAlive,
    });
    const lookPorts = {
      read: () => this.read(source instanceof FleetAgent ? source.documents : source),
      load: this.load.bind(this),
      ended: (failure: LvsadmError | 'refused' | undefined) => this.looked(failure),
      fail,
      instead: (error: UsageError) => this.instead(error),
      // What a fleet releases is mended there, and told there.
      isWatched: fleet === undefined,
    };
    this.looks = new Looks(lookPorts, documents, values.resync * 1000);
  }

  /** Runs until SIGTERM or SIGINT. @param watch of the documents, begun before they were read */
  async run(watch: FileWatch): Promise<void> {
    const { agent, listeners, supervisor, announcing } = this;
    const ending = new AbortController();
    const inFleet = this.fleet?.run(ending.signal, {
      condition: () => this.condition(),
      holdsRead: () => void this.agent.readHolds().catch(this.fail),
      tell: (reason) => this.log.tell({ event: 'fleet', reason }),
    });
    inFleet?.catch(this.fail);
    this.tellProblems();
    try {
      await announcing.prepare();
      const watching = watch.run(
        (pass) => this.look(pass),
        () => this.pause,
      );
      await Promise.race([watching, this.failed]);
      await supervisor.tell('STOPPING=1');
    } finally {
      watch.end();
      ending.abort();
      await inFleet;
      await listeners.close();
      await agent.stop();
      await this.probers.end();
      await Promise.all([announcing.close(), this.memory.idle(), this.own?.idle()]);
      this.table.close();
      await this.log.idle();
    }
  }

  private newAgent(ports: Pick<AgentPorts, 'clock' | 'tell' | 'fail'>): Agent {
    const { context } = this;
    const { memory } = this;
    const holds = new HoldStore(context, this.values.stateDir);
    if (this.fleet === undefined) FleetAgent.leave(context, this.values.stateDir);
    const { announcer } = this.announcing;
    return new Agent(
      {
        ...ports,
        random: Math.random,
        run: this.probers.run,
        reconcile: this.table.reconcile,
        remember: memory.write,
        readHolds: () => holds.readInBackground(this.fleet === undefined ? noHolds : this.fleet.holds),
        serversAtZero: this.table.serversAtZero,
        time: () => context.date().getTime(),
        runCommand: (command) => runQuorumCommand(command, context.files),
        countHandshakes: (servers) => countHandshakes(context, servers),
        announce: (vips) => announcer.settle(vips),
        addressesInUse: () => announcer.inUse,
      },
      memory.read(),
    );
  }

  private get fleet(): FleetAgent | undefined {
    return this.source instanceof FleetAgent ? this.source : undefined;
  }

  private get own(): OwnDocuments | undefined {
    return this.source instanceof OwnDocuments ? this.source : undefined;
  }

  /** What is wrong with the agent itself: it goes on, and may not after a restart. */
  private get problems(): readonly string[] {
    const { own, memory, announcing, agent } = this;
    const others = [memory.problem, announcing.problem, agent.held.problem];
    return [...(own?.problems ?? []), ...others.filter((each) => each !== undefined)];
  }

  /** Whether looks and checks go on: systemd restarts an agent of which neither can be said. */
  private get isAlive(): boolean {
    const { context, values, agent, lastLook, isReading } = this;
    const isLooking = isReading || context.now() - lastLook < values.resync * 1000 + LOOK_PATIENCE;
    return isLooking && agent.isChecking;
  }

  /** Milliseconds until the next look. It removes services whose address has been withdrawn for the linger time. */
  private get pause(): number {
    const { agent, looks, values } = this;
    return agent.isLeaving ? Math.min(looks.pause, (values.linger + 1) * 1000) : looks.pause;
  }

  /** Names take minutes while no name server answers: the documents before are in force, and checks go on. */
  private async read(from: { read(): Promise<Documents> }): Promise<Documents> {
    this.isReading = true;
    try {
      return await from.read();
    } finally {
      this.isReading = false;
      this.lastLook = this.context.now();
    }
  }

  private async load(...[state, cause]: Parameters<Agent['load']>): ReturnType<Agent['load']> {
    const reconciliation = await this.agent.load(state, cause);
    void this.probers.keep(sharedChecks(this.agent.services).map(({ placed }) => placed)).catch(this.fail);
    return reconciliation;
  }

  private async look(pass: Pass): Promise<void> {
    try {
      await (this.own === undefined ? this.lookAtFleet(pass) : this.lookAtFiles(pass, this.own));
    } finally {
      this.lastLook = this.context.now();
      await this.tellStatus();
    }
  }

  private async lookAtFiles(pass: Pass, own: OwnDocuments): Promise<void> {
    const { looks } = this;
    try {
      await looks.look(pass);
    } catch (error) {
      if (error instanceof LvsadmError) own.failed(error);
      throw error;
    }
    if (looks.hasStarted) own.applied(looks.inForce);
  }

  private async instead(error: UsageError): Promise<Documents | undefined> {
    const documents = await this.own?.instead(error);
    if (documents !== undefined) this.tellProblems();
    return documents;
  }

  private tellProblems(): void {
    for (const reason of this.own?.problems ?? []) this.log.tell({ event: 'problem', reason });
  }

  private async lookAtFleet(pass: Pass): Promise<void> {
    const { looks, fleet } = this;
    if (fleet === undefined) return;
    if (!fleet.documents.isDue) return this.waitForRelease();
    let mistake: LvsadmError | undefined;
    this.trouble = undefined;
    try {
      await looks.look({ ...pass, cause: pass.cause === 'drift' ? 'drift' : 'change' });
    } catch (error) {
      if (!(error instanceof LvsadmError)) throw error;
      mistake = error;
    }
    fleet.documents.looked(looks.inForce, mistake, this.trouble);
  }

  /** A director that is new runs, and serves questions, before the fleet has a release for it. */
  private async waitForRelease(): Promise<void> {
    await this.listeners.open();
    if (this.isReady) return;
    this.isReady = true;
    await this.supervisor.ready();
    await this.supervisor.tell('STATUS=waiting for a release of the fleet');
  }

  private condition(): Condition {
    const servers = this.agent.services.flatMap(({ servers }) => servers);
    const up = servers.filter((server) => stateOf(server).isUp).length;
    return {
      converged: this.looks.isConverged,
      ...(!this.looks.isConverged && { problem: this.lastProblem }),
      health: { up, down: servers.length - up },
      holds: this.agent.held.holds,
      hashing: this.orders.current,
      drift: this.agent.drift,
    };
  }

  private async looked(failure: LvsadmError | 'refused' | undefined): Promise<void> {
    const { agent, supervisor } = this;
    if (typeof failure === 'object') {
      this.trouble = failure;
      agent.problem(failure);
    }
    await this.listeners.open();
    if (this.isReady) return;
    if (failure !== undefined) {
      const reason = failure === 'refused' ? 'the kernel refused a change' : failure.message;
      this.status = `${printable(reason)}; trying again`;
      return supervisor.tell(`STATUS=${this.status}`);
    }
    this.isReady = true;
    await supervisor.ready();
    await this.tellStatus();
  }

  /** The first problem, on the status line of systemd. */
  private async tellStatus(): Promise<void> {
    if (!this.isReady || this.own === undefined) return;
    const status = printable(this.problems[0] ?? '');
    if (status === this.status) return;
    this.status = status;
    await this.supervisor.tell(`STATUS=${status}`);
  }

  /** The questions of `lvsadm health`, and metrics. */
  private openings(): OpenListener[] {
    const { context, agent, values } = this;
    const { announcer } = this.announcing;
    const answer = (question: string) =>
      answerAnnouncing(announcer, question) ??
      answerHolds(agent, question) ??
      answerHealth(agent, question, context.now(), this.problems);
    const control = () =>
      serveLines(openStore(context, values.runDir).socketPath('agent'), answer, context.files);
    const { metrics } = values;
    if (metrics === undefined) return [control];
    const warn = (reason: string): void => void context.err.write(`lvsadm: scrape failed: ${reason}\n`);
    const families = () => [
      ...healthMetrics(healthReport(agent, undefined, context.now())),
      ...(this.fleet?.state ? fleetMetrics(this.fleet.state, this.condition()) : []),
    ];
    const exporter = new Exporter(context, undefined, false, warn, families);
    return [control, () => serveHttp(metrics, metricsHandler(exporter)), async () => exporter];
  }

  /** Keeps the last refusal or problem for the report to the fleet. */
  private note({ event, service, server, reason }: AgentEvent): void {
    if (event === 'refused' || event === 'problem')
      this.lastProblem = [service, server, reason].filter((part) => part !== undefined).join(' ');
  }
}
