/** Which services have their quorum, and the programs that are run when that changes. */
import type { QuorumMemory } from './memory.js';
import { type Decision, type ProgramPorts, QuorumProgram } from './quorum-program.js';
import type { WatchedService } from './watched-service.js';

export class Quorums {
  private readonly won: Map<string, boolean>;
  private readonly programs: Map<string, QuorumProgram>;

  /**
   * @param known of an earlier run
   * @param changed called when a program has ended well
   */
  constructor(
    private readonly ports: ProgramPorts,
    known: QuorumMemory,
    private readonly changed: () => void,
  ) {
    this.won = new Map(known.quorums);
    this.programs = new Map(Array.from(known.programs, ([name, ended]) => [name, this.program(name, ended)]));
  }

  get memory(): QuorumMemory {
    const programs = Array.from(this.programs, ([name, { memory }]) => [name, memory] as const);
    return {
      quorums: new Map(this.won),
      programs: new Map(programs.flatMap(([name, ended]) => (ended ? [[name, ended]] : []))),
    };
  }

  /** Whether the service has had results enough to tell. */
  isKnown({ name }: WatchedService): boolean {
    return this.won.has(name);
  }

  /** Forgets all other services, and undoes what their programs did. */
  keep(services: readonly WatchedService[]): void {
    const names = new Set(services.map(({ name }) => name));
    for (const name of this.won.keys()) if (!names.has(name)) this.won.delete(name);
    for (const [name, program] of this.programs) if (!names.has(name)) program.want(undefined);
  }

  /** Looks whether they have been won or lost. @returns whether one has */
  settle(services: readonly WatchedService[], now: number): boolean {
    const changed = services.filter((service) => this.settleOne(service, now));
    return changed.length > 0;
  }

  /** Resolves when the programs that run have ended. */
  async stop(): Promise<void> {
    await Promise.all(Array.from(this.programs.values(), (program) => program.stop()));
  }

  private settleOne(service: WatchedService, now: number): boolean {
    const { name, health } = service;
    const { quorum } = health;
    const before = this.won.get(name);
    const has = service.quorum(now, before);
    if (has === undefined) return false;
    this.won.set(name, has);
    if (has !== before && quorum !== undefined) {
      const reason = `quorum is ${quorum.weight}`;
      this.ports.tell({ event: 'quorum', service: name, to: has ? 'won' : 'lost', reason });
    }
    this.decide(name, has, quorum);
    return has !== before;
  }

  private decide(name: string, has: boolean, quorum: WatchedService['health']['quorum']): void {
    const { up, down } = quorum ?? {};
    const hasPrograms = up !== undefined || down !== undefined;
    const known = this.programs.get(name);
    if (known === undefined && !hasPrograms) return;
    const program = known ?? this.program(name);
    this.programs.set(name, program);
    program.want(hasPrograms ? { has, command: has ? up : down, down } : undefined);
  }

  private program(name: string, ended?: Decision): QuorumProgram {
    return new QuorumProgram(name, ended, this.ports, this.changed);
  }
}
