/** The agent: runs the checks of documents, and keeps the kernel's weights at what their results say. */
import { LvsadmError } from '../errors.js';
import { serviceKey } from '../model/service.js';
import { formatService } from '../model/service-uri.js';
import type { DesiredService, DesiredState } from '../model/state.js';
import { incompleteServices, type Reconciliation } from '../plan/apply.js';
import { withHolds } from '../plan/holds.js';
import type { AgentPorts } from './agent-ports.js';
import { vipsOf } from './announce/announced-vips.js';
import { ChangedServices } from './changed-services.js';
import { survivingBugs } from './checks/check-bugs.js';
import { CheckSchedule, type Punctuality } from './checks/check-schedule.js';
import { PassiveWatch } from './checks/passive-watch.js';
import type { Probe } from './checks/probe.js';
import { Results } from './checks/results.js';
import { HeldServers } from './held-servers.js';
import { type HoldLoss, holdLoss } from './hold-loss.js';
import type { AgentMemory } from './memory.js';
import { MemoryKeeper } from './memory-keeper.js';
import { Quorums } from './quorums.js';
import type { Cause } from './reports/table-events.js';
import { TableReport } from './reports/table-report.js';
import { checkKeysOf, type HoldAttempt, isChecked, WatchedService } from './watched-service.js';

export class Agent {
  services: readonly WatchedService[] = [];
  private probes: ReadonlyMap<string, Probe> = new Map();
  private readonly report: TableReport;
  private readonly quorums: Quorums;
  readonly held: HeldServers;
  private readonly passive: PassiveWatch;
  private readonly schedule: CheckSchedule;
  private readonly results: Results;
  private readonly changed: ChangedServices;
  private readonly keeper: MemoryKeeper;
  /** Work on the table, one piece after the other. */
  private work: Promise<unknown> = Promise.resolve();
  private documents: DesiredState | undefined;
  /** Keys of services of which the kernel has not taken all. */
  private incomplete: ReadonlySet<string> = new Set();
  /** Addresses that the documents lack, and that were in use at the last look. */
  private leaving: ReadonlySet<string> = new Set();
  private isOver = false;

  /** @param known what an earlier run remembered */
  constructor(
    private readonly ports: AgentPorts,
    private readonly known: AgentMemory,
  ) {
    this.report = new TableReport(ports.tell.bind(ports));
    this.quorums = new Quorums(ports, known, () => {
      this.keeper.changed();
      void this.keeper.flush();
    });
    // What an earlier run remembered is for the first documents that are taken.
    const memory = () => (this.documents === undefined ? undefined : this.memory);
    this.keeper = new MemoryKeeper(ports, memory);
    this.held = new HeldServers(ports, () => void this.readHolds().catch(ports.fail));
    const tell = ports.tell.bind(ports);
    this.results = new Results(ports, (service, change) => this.resultChanged(service, change));
    this.schedule = new CheckSchedule({ ...ports, run: survivingBugs(ports.run.bind(ports), tell) });
    this.passive = new PassiveWatch(ports, (servers) => this.schedule.runNow(servers.flatMap(checkKeysOf)));
    this.changed = new ChangedServices(
      ports.clock,
      () => void this.inTurn(() => this.pass()).catch(ports.fail),
    );
  }

  /** Whether services wait for the withdrawal of their address: a later look removes them. */
  get isLeaving(): boolean {
    return this.leaving.size > 0;
  }

  /** Whether checks that are due are started. */
  get isChecking(): boolean {
    return this.schedule.isGoing;
  }

  /** Differences that another program made, found since the start. */
  get drift(): number {
    return this.report.drift;
  }

  get punctuality(): Readonly<Punctuality> {
    return this.schedule.punctuality;
  }

  /**
   * Takes documents: makes the table as they and the states of their servers say, and checks their servers from then on.
   * @throws what `reconcile` throws; the documents before hold on then
   */
  load(state: DesiredState, cause: Exclude<Cause, 'checks'>): Promise<Reconciliation> {
    return this.inTurn(async () => {
      const changed = await this.held.read();
      const now = this.ports.clock.now();
      const known = this.documents === undefined ? this.known : this.memory;
      const services = (state.services ?? [])
        .filter(isChecked)
        .map((service) => new WatchedService(service, this.probes, now, known, this.held));
      // A look that finds other weights than the last ones of these has not found what another program did.
      const expected = new Set([
        ...this.changed.present.map(({ service }) => formatService(service.id)),
        ...services.filter(({ isStarting }) => isStarting).map(({ name }) => name),
        ...changed,
      ]);
      for (const service of services) service.advance(now);
      // Results that come while the disk is written are for the next pass.
      const desired = this.composed(state, services, now);
      await this.keeper.flush();
      const isNew = cause === 'start' || cause === 'reload';
      const leaving = this.leavingFor(state);
      const scope = { leaving, ...(isNew && { documents: state, removed: this.leaving }) };
      const reconciliation = await this.ports.reconcile(desired, scope);
      const told = cause === 'resync' && this.isLeaving ? 'withdrawn' : cause;
      this.documents = state;
      this.leaving = leaving;
      this.incomplete = incompleteServices(reconciliation);
      this.adopt(services);
      this.report.done(reconciliation, told, { services, at: now, expected, held: this.held });
      this.settleQuorums(services);
      await this.keeper.flush();
      return reconciliation;
    });
  }

  /** Tells why a look failed, once until one succeeds. */
  problem(error: LvsadmError): void {
    this.report.failed(error);
  }

  /** Reads the holds of operators again. Resolves when the weights that follow are set, or the kernel has refused them. */
  readHolds(): Promise<void> {
    return this.inTurn(async () => {
      const changed = await this.held.read();
      const { services = [] } = this.documents ?? {};
      for (const each of services) if (changed.has(formatService(each.service.id))) this.changed.add(each);
      await this.pass();
    });
  }

  /**
   * What a hold would take from clients: the quorum of a service that the documents give one, or whose address is announced.
   * @returns undefined if it takes nothing
   */
  lossBy(name: string, attempt: HoldAttempt): HoldLoss | undefined {
    const service = this.services.find((each) => each.name === name);
    const hadQuorum = this.quorums.memory.quorums.get(name) === true;
    const lost = service?.quorumAfterHold(attempt, this.ports.clock.now(), hadQuorum);
    const { services = [] } = this.documents ?? {};
    return service && lost && holdLoss(service, lost, services, this.ports.addressesInUse());
  }

  /** The service as documents have it, and as the kernel is to have it now; undefined if the documents do not have it. */
  serviceNow(
    name: string,
  ): { readonly documented: DesiredService; readonly now: DesiredService } | undefined {
    const documented = this.documents?.services?.find((each) => formatService(each.service.id) === name);
    if (documented === undefined) return undefined;
    const at = this.ports.clock.now();
    const { services: [now] = [] } = this.composed({ services: [documented] }, this.services, at);
    return now && { documented, now };
  }

  /** Ends checks and timers. The table stays. */
  async stop(): Promise<void> {
    this.isOver = true;
    this.held.stop();
    this.passive.stop();
    await this.schedule.stop();
    await this.work;
    await this.quorums.stop();
    await this.keeper.stop();
  }

  /** Clients are led elsewhere before the services of an address go. */
  private leavingFor({ services = [] }: DesiredState): ReadonlySet<string> {
    const ids = services.map(({ service }) => service.id);
    const documented = new Set(ids.flatMap((id) => ('address' in id ? [id.address] : [])));
    return new Set([...this.ports.addressesInUse()].filter((address) => !documented.has(address)));
  }

  private adopt(services: readonly WatchedService[]): void {
    const late = new Set(this.changed.take().map(({ service }) => serviceKey(service.id)));
    this.services = services;
    this.quorums.keep(services);
    this.probes = new Map(
      services.flatMap(({ servers }) =>
        servers.flatMap(({ checks }) => checks.map(({ key, probe }): [string, Probe] => [key, probe])),
      ),
    );
    this.passive.keep(services);
    this.schedule.set(this.results.checksOf(services));
    this.keeper.changed();
    for (const service of services) {
      // Results that came while the table was changed.
      if (late.has(service.key)) this.changed.add(service.desired);
      if (service.isStarting) this.changed.addLater(service.desired);
    }
  }

  private composed(state: DesiredState, services: readonly WatchedService[], now: number): DesiredState {
    const watched = new Map(services.map((service) => [service.desired, service]));
    const composed = {
      ...state,
      services: state.services?.map((each) =>
        isChecked(each) ? (watched.get(each)?.desiredNow(now) ?? each) : each,
      ),
    };
    return withHolds(composed, this.held.holds);
  }

  private resultChanged(service: WatchedService, change: 'weight' | 'memory'): void {
    if (change === 'weight') this.keeper.changed();
    else this.keeper.counted();
    // The first result of the last server may decide the quorum.
    if (change === 'weight' || !this.quorums.isKnown(service)) this.changed.add(service.desired);
  }

  /** Sets the weights of the services that have changed. */
  private async pass(): Promise<void> {
    const changed = new Set(this.changed.take());
    // Of earlier documents there may be some.
    const desired = (this.documents?.services ?? []).filter((each) => changed.has(each));
    if (desired.length === 0 || this.isOver) return;
    const services = this.services.filter((service) => changed.has(service.desired));
    const now = this.ports.clock.now();
    if (services.filter((service) => service.advance(now)).length > 0) this.keeper.changed();
    const composed = this.composed({ services: desired }, services, now);
    await this.keeper.flush();
    try {
      const reconciliation = await this.ports.reconcile(composed, {
        only: desired.map(({ service }) => service.id),
      });
      const applied = new Set(desired.map(({ service }) => serviceKey(service.id)));
      const others = [...this.incomplete].filter((key) => !applied.has(key));
      this.incomplete = new Set([...others, ...incompleteServices(reconciliation)]);
      this.report.done(reconciliation, 'checks', { services, at: now, held: this.held });
      for (const each of desired) {
        if (!reconciliation.converged) this.changed.addAfterFailure(each);
        else this.changed.succeeded(each);
      }
      for (const service of services) if (service.isStarting) this.changed.addLater(service.desired);
    } catch (error) {
      if (!(error instanceof LvsadmError)) throw error;
      this.report.failed(error);
      for (const each of desired) this.changed.addAfterFailure(each);
    }
    this.settleQuorums(services);
  }

  private settleQuorums(services: readonly WatchedService[]): void {
    if (this.quorums.settle(services, this.ports.clock.now())) {
      this.keeper.changed();
      // After kill -9 a quorum is not told a second time.
      void this.keeper.flush();
    }
    const { services: documented = [] } = this.documents ?? {};
    this.ports.announce(vipsOf(documented, this.quorums.memory.quorums, this.incomplete));
  }

  private get memory(): AgentMemory {
    const servers = this.services.flatMap((service) =>
      service.servers.map(({ name, start }) => [`${service.name} ${name}`, start] as const),
    );
    return {
      probes: new Map(Array.from(this.probes, ([key, { memory }]) => [key, memory])),
      starts: new Map(servers.flatMap(([key, start]) => (start === undefined ? [] : [[key, start]]))),
      ...this.quorums.memory,
    };
  }

  private inTurn<T>(piece: () => Promise<T>): Promise<T> {
    const turn = this.work.then(piece);
    this.work = turn.catch(() => {});
    return turn;
  }
}
