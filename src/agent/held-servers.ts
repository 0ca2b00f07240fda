/** The holds of operators, as the agent knows them: read at each look, when a command asks for it, and when one of them expires. */
import { HostError } from '../errors.js';
import { type Hold, type Holds, holdKey, holdText, inForce, noHolds } from '../model/hold.js';
import type { Clock } from '../system/clock.js';
import type { AgentEvent } from './reports/event.js';

export interface HoldPorts {
  readonly clock: Clock;
  /** Those in force; undefined if the disk has not answered in time, and may soon. @throws HostError, also if the disk hangs */
  readHolds(): Promise<Holds | undefined>;
  /** The servers that have weight 0 in the table. @throws what reading the table throws */
  serversAtZero(): Promise<readonly Pick<Hold, 'service' | 'server'>[]>;
  /** Milliseconds since 1970. */
  time(): number;
  tell(event: AgentEvent): void;
}

/** Most milliseconds until expiries are looked for: timers take no longer ones, and the time of day is set. */
const LONGEST_PAUSE = 3_600_000;

export class HeldServers {
  holds: Holds = noHolds;
  /** `presumed`: those of servers that had weight 0 when they were to be read first. */
  private source: 'none' | 'presumed' | 'file' = 'none';
  /** Whether the disk has not answered the last reading: there may be newer ones. */
  isLate = false;
  /** Why they cannot be read. */
  problem: string | undefined;
  private cancelTimer: () => void = () => {};

  /** @param expired called when a hold has expired: they are to be read again */
  constructor(
    private readonly ports: HoldPorts,
    private readonly expired: () => void,
  ) {}

  of(service: string, server: string): Hold | undefined {
    return this.holds.size === 0 ? undefined : this.holds.get(holdKey({ service, server }));
  }

  /** `held at 0 by root since 14:02: disk` */
  reasonOf(service: string, server: string): string | undefined {
    const hold = this.of(service, server);
    return hold && holdText(hold, this.ports.time());
  }

  /**
   * Reads them again. If that fails, those that were read before stay in force until they expire. If they have never been read,
   * servers of weight 0 are held there: each of them may be one that an operator took out.
   * @returns the names of the services in which they have changed
   * @throws what reading the table throws
   */
  async read(): Promise<ReadonlySet<string>> {
    const before = this.holds;
    try {
      const holds = await this.ports.readHolds();
      this.isLate = holds === undefined;
      this.holds = holds ?? inForce(before, this.ports.time());
      if (!this.isLate) {
        this.source = 'file';
        this.problem = undefined;
      }
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      this.holds = this.source === 'none' ? await this.presumed() : inForce(this.holds, this.ports.time());
      if (this.source === 'none') this.source = 'presumed';
      this.tellFailure(error);
    }
    this.arm();
    return this.tellChanges(before);
  }

  stop(): void {
    this.cancelTimer();
  }

  private async presumed(): Promise<Holds> {
    const terms = {
      weight: 0,
      before: 0,
      by: 'the agent',
      since: this.ports.time(),
      reason: 'the holds cannot be read',
    };
    const servers = await this.ports.serversAtZero();
    return new Map(servers.map((server) => [holdKey(server), { ...server, ...terms }]));
  }

  /** Presumed holds keep servers out that nobody may have held: they are a problem at each look. */
  private tellFailure({ message }: HostError): void {
    const isPresumed = this.source === 'presumed';
    const until = isPresumed ? '; until then the servers that had weight 0 at the start keep it' : '';
    if (isPresumed || message !== this.problem) {
      this.ports.tell({ event: 'problem', reason: `${message}${until}` });
    }
    this.problem = message;
  }

  private tellChanges(before: Holds): ReadonlySet<string> {
    const now = this.ports.time();
    const changed = new Set<string>();
    const tell = (hold: Hold, to: string): void => {
      const { service, server } = hold;
      this.ports.tell({ event: 'hold', service, server, to, reason: holdText(hold, now) });
      changed.add(service);
    };
    for (const [key, hold] of before) {
      if (!this.holds.has(key))
        tell(hold, hold.until !== undefined && hold.until <= now ? 'expired' : 'ended');
    }
    for (const [key, hold] of this.holds) if (!isSame(before.get(key), hold)) tell(hold, 'begun');
    return changed;
  }

  private arm(): void {
    this.cancelTimer();
    const ends = Array.from(this.holds.values(), ({ until }) => until ?? Number.POSITIVE_INFINITY);
    const next = Math.min(...ends) - this.ports.time();
    if (!Number.isFinite(next)) return;
    this.cancelTimer = this.ports.clock.after(Math.min(Math.max(0, next), LONGEST_PAUSE), this.expired);
  }
}

const isSame = (before: Hold | undefined, { weight, since, until, reason }: Hold): boolean =>
  before?.weight === weight && before.since === since && before.until === until && before.reason === reason;
