/** The agent with its files, its sockets, its log and its supervisor. */
import { Agent } from '../../agent/agent.js';
import type { AgentPorts } from '../../agent/agent-ports.js';
import { sharedChecks, stateOf } from '../../agent/watched-service.js';
import type { Context } from '../../context.js';
import { LvsadmError, type UsageError } from '../../errors.js';
import type { Condition } from '../../fleet/member-ports.js';
import type { Probers } from '../../health/path/probers.js';
import { noHolds } from '../../model/hold.js';
import type { ListenAddress } from '../../system/network/http-server.js';
import { Supervisor } from '../../system/programs/supervisor.js';
import { Announcing, clockOf } from '../announce/announcing.js';
import type { Values } from '../command.js';
import { openProbers } from '../shared/agent/path-probers.js';
import { fleetLimit } from '../shared/change/removal-limits.js';
import { countHandshakes } from '../shared/connection-table.js';
import type { directorOptions } from '../shared/fleet/audience.js';
import { HoldStore } from '../shared/holds/holds.js';
import type { FileWatch, Pass } from '../shared/watch.js';
import { AgentLog } from './agent-log.js';
import { AgentStatus } from './agent-status.js';
import { FleetAgent } from './fleet-agent.js';
import { fleetMetrics } from './fleet-metrics.js';
import { HashOrders } from './hash-orders.js';
import { KernelTable, type TableLimits } from './kernel-table.js';
import { Listeners } from './listeners.js';
import { Liveness } from './liveness.js';
import { type Documents, Looks } from './looks.js';
import { MemoryStore } from './memory-store.js';
import { openingsOf } from './openings.js';
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

export class AgentProcess {
  private readonly orders = new HashOrders(() => this.context.now());
  private readonly table: KernelTable;
  private readonly probers: Probers;
  private readonly agent: Agent;
  private readonly memory: MemoryStore;
  private readonly announcing: Announcing;
  private readonly looks: Looks;
  private readonly liveness: Liveness;
  private readonly status: AgentStatus;
  private readonly listeners: Listeners;
  private readonly failed: Promise<never>;
  private fail: (error: unknown) => void = () => {};
  private readonly log: AgentLog;
  /** Why the last look failed, if it will be tried again. */
  private trouble: LvsadmError | undefined;

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
    const { tell } = this.log;
    const ports = { clock: clockOf(context), tell, fail };
    const { maxRemove = fleet && fleetLimit } = values;
    const limits = { ...values, maxRemove, isWayBack: () => fleet?.documents.isWayBack ?? false };
    this.table = new KernelTable(context, limits, fleet && this.orders);
    this.announcing = new Announcing(context, { ...values, device: values.announce }, ports);
    this.memory = new MemoryStore(context, values.stateDir);
    this.probers = openProbers(context);
    this.agent = this.newAgent(ports);
    const { agent, announcing } = this;
    const openings = openingsOf(context, values, {
      agent,
      announcer: announcing.announcer,
      problems: () => this.problems,
      families: () => (fleet?.state ? fleetMetrics(fleet.state, this.condition()) : []),
    });
    this.listeners = new Listeners(openings, (reason) => tell({ event: 'problem', reason }));
    const supervisor = new Supervisor({
      env: context.env,
      warn: (line) => void context.err.write(`lvsadm: ${line}\n`),
      every: (interval, call) => void setInterval(call, interval),
      isAlive: () => this.liveness.isLooking && agent.isChecking,
    });
    this.status = new AgentStatus(supervisor, () => this.statusLine);
    const lookPorts = {
      read: () =>
        this.liveness.reading(() => (source instanceof FleetAgent ? source.documents : source).read()),
      load: this.load.bind(this),
      ended: (failure: LvsadmError | 'refused' | undefined) => this.looked(failure),
      fail,
      instead: (error: UsageError) => this.instead(error),
      // What a fleet releases is mended there, and told there.
      isWatched: fleet === undefined,
    };
    const interval = values.resync * 1000;
    this.looks = new Looks(lookPorts, documents, interval);
    this.liveness = new Liveness(() => context.now(), interval);
  }

  /** Runs until SIGTERM or SIGINT. @param watch of the documents, begun before they were read */
  async run(watch: FileWatch): Promise<void> {
    const { agent, listeners, status, announcing } = this;
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
      await status.stopping();
    } finally {
      watch.end();
      ending.abort();
      await inFleet;
      await listeners.close();
      await agent.stop();
      await this.probers.end();
      await Promise.all([announcing.close(), this.memory.idle(), this.source.idle()]);
      this.table.close();
      await this.log.idle();
    }
  }

  private newAgent(ports: Pick<AgentPorts, 'clock' | 'tell' | 'fail'>): Agent {
    const { context, memory } = this;
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
    const { source, memory, announcing, agent } = this;
    const others = [memory.problem, announcing.problem, agent.held.problem];
    return [...source.problems, ...others.filter((each) => each !== undefined)];
  }

  private get statusLine(): string {
    const isWaiting = this.fleet !== undefined && !this.looks.hasStarted;
    return this.problems[0] ?? (isWaiting ? 'waiting for a release of the fleet' : '');
  }

  /** Milliseconds until the next look. It removes services whose address has been withdrawn for the linger time. */
  private get pause(): number {
    const { agent, looks, values } = this;
    return agent.isLeaving ? Math.min(looks.pause, (values.linger + 1) * 1000) : looks.pause;
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
      this.liveness.looked();
      await this.status.show();
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
    await this.status.ready();
  }

  private condition(): Condition {
    const servers = this.agent.services.flatMap(({ servers }) => servers);
    const up = servers.filter((server) => stateOf(server).isUp).length;
    return {
      converged: this.looks.isConverged,
      ...(!this.looks.isConverged && { problem: this.log.lastProblem }),
      health: { up, down: servers.length - up },
      holds: this.agent.held.holds,
      hashing: this.orders.current,
      drift: this.agent.drift,
    };
  }

  private async looked(failure: LvsadmError | 'refused' | undefined): Promise<void> {
    const { agent, listeners, status } = this;
    if (typeof failure === 'object') {
      this.trouble = failure;
      agent.problem(failure);
    }
    await listeners.open();
    if (failure === undefined) await status.ready();
    else await status.notYet(failure === 'refused' ? 'the kernel refused a change' : failure.message);
  }
}
