/** The programs of a service's quorum: the one of the newest decision is run until it ends well. */
import type { Clock } from '../system/clock.js';
import type { AgentEvent } from './reports/event.js';

export type Command = readonly [string, ...string[]];

/** What a service's programs have been told, or are to be told. */
export interface Decision {
  /** Whether the service has its quorum. */
  readonly has: boolean;
  /** The program for that; undefined if there is none. */
  readonly command: Command | undefined;
  /** The program for the loss of the quorum. */
  readonly down: Command | undefined;
}

export interface ProgramPorts {
  readonly clock: Clock;
  /** Runs a program. @returns why it failed */
  runCommand(command: Command): Promise<string | undefined>;
  tell(event: AgentEvent): void;
  /** Called with an error that is a bug. */
  fail(error: unknown): void;
}

/** Milliseconds until a program is tried again: doubled at each failure in a row. */
const SHORTEST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

export class QuorumProgram {
  private wanted: Decision | undefined;
  private running: Promise<void> | undefined;
  private failures = 0;
  private told: string | undefined;
  private cancel: () => void = () => {};
  private isOver = false;

  /**
   * @param ended the decision whose program has ended well, or that had none, in this boot
   * @param changed called when another one has
   */
  constructor(
    private readonly service: string,
    private ended: Decision | undefined,
    private readonly ports: ProgramPorts,
    private readonly changed: () => void,
  ) {
    this.wanted = ended;
  }

  /** What a later run has to know; undefined if nothing is left to be undone. */
  get memory(): Decision | undefined {
    return this.wanted !== undefined || this.next() !== undefined ? this.ended : undefined;
  }

  /** Takes a decision; undefined if documents have no programs any more: what `up` did is undone. */
  want(decision: Decision | undefined): void {
    if (isSame(decision, this.wanted)) return;
    this.wanted = decision;
    this.failures = 0;
    this.begin();
  }

  /** Ends retries. Resolves when the program that runs has ended. */
  async stop(): Promise<void> {
    this.isOver = true;
    this.cancel();
    await this.running;
  }

  private begin(): void {
    this.cancel();
    this.running ??= this.settle()
      .catch(this.ports.fail)
      .finally(() => {
        this.running = undefined;
      });
  }

  /** One program at a time; decisions that were replaced meanwhile are not carried out. */
  private async settle(): Promise<void> {
    for (let next = this.next(); next !== undefined && !this.isOver; next = this.next()) {
      const failure = await this.run(next);
      if (failure === undefined) {
        this.told = undefined;
        this.failures = 0;
        this.ended = next;
        this.changed();
      } else {
        this.failed(`${next.command?.[0]}: ${failure}`);
        if (isSame(next, this.next())) return this.retry();
      }
    }
  }

  /** @returns why the program failed */
  private async run({ has, command }: Decision): Promise<string | undefined> {
    const hasRun = this.ended?.has === has && isSame(this.ended.command, command);
    return command && !hasRun ? this.ports.runCommand(command) : undefined;
  }

  /** The decision that is to be carried out. */
  private next(): Decision | undefined {
    const { wanted, ended } = this;
    if (wanted !== undefined) return isSame(wanted, ended) ? undefined : wanted;
    return ended?.has && ended.command && ended.down
      ? { has: false, command: ended.down, down: undefined }
      : undefined;
  }

  private failed(reason: string): void {
    const { service } = this;
    if (reason !== this.told) this.ports.tell({ event: 'problem', service, reason });
    this.told = reason;
  }

  private retry(): void {
    const pause = Math.min(SHORTEST_PAUSE * 2 ** this.failures++, LONGEST_PAUSE);
    if (!this.isOver) this.cancel = this.ports.clock.after(pause, () => this.begin());
  }
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
