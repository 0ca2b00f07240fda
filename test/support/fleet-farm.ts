/** A fleet in memory: directors that can be cut off, killed and started again, and an operator. Time passes when a test says so. */
import { UsageError } from '../../src/errors.js';
import { FleetMember } from '../../src/fleet/member.js';
import type { LastGood, MemberPorts } from '../../src/fleet/member-ports.js';
import { type RolloutRequest, readFleet, startRollout } from '../../src/fleet/operator.js';
import type { Release, Target } from '../../src/fleet/records.js';
import { type FleetDocument, pushRelease } from '../../src/fleet/releases.js';
import { type Holds, noHolds } from '../../src/model/hold.js';
import { ManualClock } from './manual-clock.js';
import { MemoryStore, SharedMemory } from './memory-store.js';

/** A text that every director refuses. */
export const BAD = 'bad';

export interface AppliedRelease {
  readonly sequence: number;
  readonly release: number;
}

/** A machine with a director on it. */
export class Host {
  readonly lines: string[] = [];
  /** What was applied, in order; over restarts. */
  readonly history: AppliedRelease[] = [];
  documents: readonly FleetDocument[] = [];
  /** Those of the fleet; they outlive a restart. */
  holds: Holds = noHolds;
  down = 0;
  converged = true;
  /** Why its disk takes no release. */
  diskProblem: string | undefined;
  store: MemoryStore | undefined;
  private remembered: LastGood | undefined;
  private stop: AbortController | undefined;
  private running: Promise<void> = Promise.resolve();
  /** What ended the agent's run by an error. */
  failure: unknown;

  constructor(
    private readonly farm: FleetFarm,
    readonly name: string,
  ) {}

  get isRunning(): boolean {
    return this.stop !== undefined;
  }

  get applied(): LastGood | undefined {
    return this.remembered;
  }

  async start(): Promise<void> {
    if (this.isRunning) return;
    const { clock, memory } = this.farm;
    const stop = new AbortController();
    this.stop = stop;
    const ports: MemberPorts = {
      connect: () => {
        const store = new MemoryStore(memory);
        store.isCutOff = this.isCutOff;
        store.losesAnswers = this.losesAnswers;
        store.requests = this.store?.requests ?? 0;
        this.store = store;
        return store;
      },
      node: this.name,
      member: { labels: { site: 'eu1' }, variables: {} },
      version: 'test',
      clock,
      random: () => 0.5,
      date: () => new Date(clock.now()).toISOString(),
      apply: async (documents) => {
        if (stop.signal.aborted) throw new UsageError('killed');
        if (documents.some(({ text }) => text.includes(BAD))) throw new UsageError('web.yaml: it is bad');
        this.documents = documents;
      },
      condition: () => ({
        converged: this.converged,
        health: { up: 10 - this.down, down: this.down },
        holds: this.holds,
        hashing: [],
        drift: 0,
      }),
      takeHolds: (holds) => {
        this.holds = holds;
      },
      remember: async (last) => {
        this.remembered = last;
        this.history.push({ sequence: last.sequence, release: last.release });
        return this.diskProblem;
      },
      tell: (line) => void this.lines.push(line),
    };
    const member = new FleetMember(ports, this.remembered, this.holds);
    this.running = member.run(stop.signal).catch((error: unknown) => {
      this.failure = error;
    });
  }

  /** Ends it as kill -9 does: nothing is written any more. */
  async kill(): Promise<void> {
    this.store?.cutOff();
    this.store?.close();
    this.stop?.abort();
    this.stop = undefined;
    await this.farm.pass(0);
    await this.running;
  }

  isCutOff = false;
  losesAnswers = false;

  /** Whether its writes are made without its knowing. */
  loseAnswers(isLost: boolean): void {
    this.losesAnswers = isLost;
    if (this.store) this.store.losesAnswers = isLost;
  }

  cutOff(): void {
    this.isCutOff = true;
    this.store?.cutOff();
  }

  reconnect(): void {
    this.isCutOff = false;
    this.store?.reconnect();
  }
}

const usual: RolloutRequest = {
  author: 'alice',
  time: '2026-01-01T00:00:00.000Z',
  waves: [{ percent: 100, wait: 0 }],
  maxDown: 0,
  onFailure: 'halt',
  patience: 60_000,
  supersede: false,
};

export class FleetFarm {
  readonly clock = new ManualClock();
  readonly memory = new SharedMemory(this.clock);
  /** The operator's. */
  readonly store = new MemoryStore(this.memory);
  readonly hosts: readonly Host[];

  constructor(names: readonly string[]) {
    this.hosts = names.map((name) => new Host(this, name));
  }

  /** A farm whose directors all run a first release. */
  static async running(size: number): Promise<FleetFarm> {
    const farm = new FleetFarm(Array.from({ length: size }, (_, index) => `d${index + 1}`));
    await farm.push('first');
    for (const host of farm.hosts) await host.start();
    await farm.pass(2000);
    await farm.release(1);
    await farm.pass(5000);
    return farm;
  }

  host(name: string): Host {
    const host = this.hosts.find((each) => each.name === name);
    if (host === undefined) throw new Error(`there is no ${name}`);
    return host;
  }

  pass(milliseconds: number): Promise<void> {
    return this.clock.pass(milliseconds);
  }

  async push(text: string): Promise<Release> {
    return (await pushRelease(this.store, [{ name: 'web.yaml', text }], usual)).release;
  }

  async release(
    id: number,
    request: Partial<RolloutRequest> = {},
    cause: Target['cause'] = 'release',
  ): Promise<Target> {
    return startRollout(this.store, await readFleet(this.store), id, cause, { ...usual, ...request });
  }

  async target(): Promise<Target> {
    const { target } = (await readFleet(this.store)).target;
    if (target === undefined) throw new Error('there is no target');
    return target;
  }

  /** The release that each director runs. */
  get running(): (number | undefined)[] {
    return this.hosts.map(({ applied }) => applied?.release);
  }

  async end(): Promise<void> {
    for (const host of this.hosts) await host.kill();
  }
}
