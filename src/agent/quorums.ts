/** Which services have their quorum, and the programs that are run when that changes. */
import type { AgentEvent } from './event.js';
import type { WatchedService } from './watched-service.js';

export interface QuorumPorts {
  /** Runs a program. @returns why it failed */
  runCommand(command: readonly [string, ...string[]]): Promise<string | undefined>;
  tell(event: AgentEvent): void;
  /** Called with an error that is a bug. */
  fail(error: unknown): void;
}

export class Quorums {
  private readonly won: Map<string, boolean>;
  private programs: Promise<void> = Promise.resolve();

  /** @param known by the names of services, of an earlier run */
  constructor(
    private readonly ports: QuorumPorts,
    known: ReadonlyMap<string, boolean>,
  ) {
    this.won = new Map(known);
  }

  /** Whether the service has had results enough to tell. */
  isKnown({ name }: WatchedService): boolean {
    return this.won.has(name);
  }

  /** Those of these services, to be remembered. */
  of(services: readonly WatchedService[]): Map<string, boolean> {
    return new Map(
      services.flatMap(({ name }) => (this.won.has(name) ? [[name, this.won.get(name) === true]] : [])),
    );
  }

  /** Looks whether they have been won or lost. @returns whether one has */
  settle(services: readonly WatchedService[], now: number): boolean {
    const changed = services.filter((service) => this.settleOne(service, now));
    return changed.length > 0;
  }

  /** Resolves when the programs that are to run have ended. */
  idle(): Promise<void> {
    return this.programs;
  }

  private settleOne(service: WatchedService, now: number): boolean {
    const { name, health } = service;
    const before = this.won.get(name);
    const has = service.quorum(now, before);
    if (has === undefined || has === before) return false;
    this.won.set(name, has);
    const { quorum } = health;
    if (quorum === undefined) return true;
    this.ports.tell({
      event: 'quorum',
      service: name,
      to: has ? 'won' : 'lost',
      reason: `quorum is ${quorum.weight}`,
    });
    const program = has ? quorum.up : quorum.down;
    if (program !== undefined) this.runLater(name, program);
    return true;
  }

  /** One program at a time, in the order of events. */
  private runLater(service: string, program: readonly [string, ...string[]]): void {
    const { runCommand, tell, fail } = this.ports;
    this.programs = this.programs.then(async () => {
      const failure = await runCommand(program);
      if (failure !== undefined) tell({ event: 'problem', service, reason: `${program[0]}: ${failure}` });
    });
    this.programs.catch(fail);
  }
}
