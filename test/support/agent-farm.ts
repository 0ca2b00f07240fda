/** An agent over a kernel in memory, a clock that a test moves, and checks that answer as the test says. */
import type { TestContext } from 'node:test';
import { Agent } from '../../src/agent/agent.js';
import type { Scope } from '../../src/agent/agent-ports.js';
import type { Vip } from '../../src/agent/announce/announced-vips.js';
import { type AgentMemory, noMemory } from '../../src/agent/memory.js';
import { type AgentEvent, eventText } from '../../src/agent/reports/event.js';
import { KernelTable } from '../../src/commands/run/kernel-table.js';
import { parseDocuments } from '../../src/document/load.js';
import type { CheckResult } from '../../src/health/run-check.js';
import type { IpvsClient } from '../../src/ipvs/client.js';
import { type Holds, inForce, noHolds } from '../../src/model/hold.js';
import type { ServiceId } from '../../src/model/service.js';
import type { DesiredState } from '../../src/model/state.js';
import { FakeIpvs } from './fake-ipvs.js';
import { ownFiles } from './flock.js';
import { ManualClock } from './manual-clock.js';

/** What a check of a server answers: success or failure, or a whole result; or an error that is a bug. */
export type Answer = boolean | Partial<CheckResult> | Error;

export const documentOf = async (document: unknown): Promise<DesiredState> =>
  parseDocuments([{ file: 'web.json', text: JSON.stringify(document) }]);

export class AgentFarm {
  readonly ipvs = new FakeIpvs();
  private busy = 0;
  readonly clock = new ManualClock(() => this.busy > 0);
  /** By the address of the server; up if nothing is said. */
  readonly answers = new Map<string, Answer>();
  readonly events: AgentEvent[] = [];
  readonly commands: (readonly string[])[] = [];
  readonly errors: unknown[] = [];
  /** Why a program fails. */
  program: (command: readonly string[]) => Promise<string | undefined> = async () => undefined;
  /** What the announcer was told last. */
  announced: readonly Vip[] | undefined;
  /** What a restart finds. */
  memory: AgentMemory = noMemory;
  /** Times that it was written. */
  writings = 0;
  /** Resolves when the disk has taken the memory. */
  disk: Promise<void> | undefined;
  /** Why it has not. */
  diskFailure: string | undefined;
  /** The file of holds. */
  holds: Holds = noHolds;
  /** Why it cannot be read. */
  holdsFailure: Error | undefined;
  /** Whether the disk takes longer to read it than the agent waits. */
  isDiskSlow = false;
  /** By the addresses of servers: their connections in SYN_RECV, and all. */
  readonly handshakes = new Map<string, readonly [synReceived: number, connections: number]>();
  /** Milliseconds that it takes to read the connection table. */
  counting = 0;
  /** Why the connection table cannot be read. */
  tableFailure: Error | undefined;
  /** Thrown by the next change of the table. */
  refusal: Error | undefined;
  /** Virtual addresses to which clients may be led. */
  readonly inUse = new Set<string>();
  agent: Agent;
  private readonly table: KernelTable;

  private constructor(
    readonly client: IpvsClient,
    prune: boolean,
    maxRemove: number,
  ) {
    this.table = new KernelTable(
      { openClient: () => this.ipvs.client(), files: ownFiles },
      { prune, allowEmpty: true, maxRemove: { number: maxRemove, unit: '%' } },
    );
    this.agent = this.newAgent();
  }

  static async start(
    test: Pick<TestContext, 'after'>,
    { prune = false, maxRemove = 100 } = {},
  ): Promise<AgentFarm> {
    // The client needs the kernel of the farm.
    const ipvs = new FakeIpvs();
    const farm = new AgentFarm(await ipvs.client(), prune, maxRemove);
    Object.assign(farm, { ipvs });
    test.after(() => {
      farm.client.close();
      farm.table.close();
    });
    return farm;
  }

  /** As after kill -9: the agent before does nothing any more. */
  restart(): void {
    const dead = this.agent;
    void dead.stop();
    this.agent = this.newAgent();
  }

  async load(document: unknown, cause: 'start' | 'reload' | 'resync' = 'start'): Promise<void> {
    const state = await documentOf(document);
    await this.agent.load(state, cause);
  }

  /** Weights by address. */
  async weights(of: ServiceId): Promise<Record<string, number>> {
    const servers = await this.client.destinations(of);
    return Object.fromEntries(servers.map(({ id, weight }) => [id.address, weight]).toSorted());
  }

  /** The events of these kinds, as text without the service. */
  told(...kinds: AgentEvent['event'][]): string[] {
    return this.events
      .filter(({ event }) => kinds.includes(event))
      .map(({ service: _, ...event }) => eventText(event));
  }

  private newAgent(): Agent {
    const agent: Agent = new Agent(
      {
        clock: this.clock,
        random: () => 0.5,
        run: async ({ target, check }) => {
          const answer =
            this.answers.get(`${target.address} ${check.kind}`) ?? this.answers.get(target.address) ?? true;
          if (answer instanceof Error) throw answer;
          const { ok = true, ...rest } = typeof answer === 'boolean' ? { ok: answer } : answer;
          return { ok, ms: 1, reason: ok ? 'answered' : 'connection refused', ...rest };
        },
        fail: (error) => this.errors.push(error),
        reconcile: (desired, scope) => this.reconcile(desired, scope),
        remember: async (memory) => {
          // A process that was killed writes nothing.
          if (this.agent !== agent) return undefined;
          await this.disk;
          this.memory = memory;
          this.writings++;
          return this.diskFailure;
        },
        readHolds: async () => {
          if (this.holdsFailure !== undefined) throw this.holdsFailure;
          return this.isDiskSlow ? undefined : inForce(this.holds, this.clock.now());
        },
        serversAtZero: () => this.table.serversAtZero(),
        time: () => this.clock.now(),
        runCommand: async (command) => {
          this.commands.push(command);
          return this.program(command);
        },
        tell: (event) => this.events.push(event),
        countHandshakes: async (servers) => {
          if (this.tableFailure !== undefined) throw this.tableFailure;
          if (this.counting > 0)
            await new Promise<void>((resolve) => this.clock.after(this.counting, resolve));
          return servers.map(({ server }) => {
            const [synReceived, connections] = this.handshakes.get(server.address) ?? [0, 0];
            return { synReceived, connections };
          });
        },
        announce: (vips) => {
          if (this.agent === agent) this.announced = vips;
        },
        addressesInUse: () => this.inUse,
      },
      this.memory,
    );
    return agent;
  }

  private async reconcile(desired: DesiredState, scope: Scope) {
    this.busy++;
    try {
      const { refusal } = this;
      this.refusal = undefined;
      if (refusal !== undefined) throw refusal;
      return await this.table.reconcile(desired, scope);
    } finally {
      this.busy--;
    }
  }
}
