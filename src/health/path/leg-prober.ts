/** The probers of one leg, one after the other: the next one starts a while after the last one has ended. */
import { HostError } from '../../errors.js';
import type { Leg } from '../../model/check.js';
import type { ServerPath } from '../../model/server-path.js';
import { Prober, type ProberPorts } from './prober.js';

/** Milliseconds from the end of a prober to the next start: doubled with each one that ends early. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/** Milliseconds after which the end of a prober is not early any more. */
const LONG_LIFE = 60_000;

export class LegProber {
  private current: Promise<Prober> | undefined;
  /** When the next one may start, on the clock of `performance.now`; never while there is one. */
  private due = 0;
  private pause = FIRST_PAUSE;
  private readonly over = new AbortController();

  constructor(
    private readonly leg: Leg,
    private readonly ports: ProberPorts,
  ) {}

  /**
   * The prober; during the pause the last one, which fails each question.
   * @param server an address that the leg leads to
   * @throws HostError if it cannot be started
   */
  get(server: string): Promise<Prober> {
    if (this.current === undefined || performance.now() >= this.due) this.current = this.start(server);
    return this.current;
  }

  /** Removes the ways to all other servers. One that has ended, or ends meanwhile, has none. */
  async keep(paths: readonly ServerPath[]): Promise<void> {
    try {
      await (await this.current)?.keep(paths);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
  }

  /** Ends the namespace. Resolves when nothing of it uses the machine any more. */
  async end(): Promise<void> {
    this.over.abort();
    await this.current?.catch(() => undefined);
  }

  private start(server: string): Promise<Prober> {
    const start = performance.now();
    this.due = Number.POSITIVE_INFINITY;
    const ended = (): void => {
      const now = performance.now();
      if (now - start >= LONG_LIFE) this.pause = FIRST_PAUSE;
      this.due = now + this.pause;
      this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
    };
    return Prober.start(this.leg, server, this.ports, { ended, stop: this.over.signal });
  }
}
