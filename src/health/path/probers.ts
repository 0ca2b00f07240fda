/** Runs checks of documents: from this process, or from the prober of their leg if they go through a path. */
import { LvsadmError } from '../../errors.js';
import { type Leg, pathLeg } from '../../model/check.js';
import { type CheckResult, runCheck } from '../run-check.js';
import type { PlacedCheck } from '../run-checks.js';
import { Prober, type ProberPorts } from './prober.js';

/** Milliseconds after the time limit of a check for its result to come from the prober. */
const GRACE = 1000;

/** Milliseconds from the failure of a prober to the next start: doubled with each failure. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/** The prober of a leg, or the pause before the next one. */
interface LegProber {
  readonly prober: Promise<Prober>;
  /** Milliseconds of the pause after the next failure. */
  pause: number;
  /** When the next one may start, on the clock of `performance.now`. */
  readonly due: number;
}

export class Probers {
  private readonly legs = new Map<string, LegProber>();

  constructor(private readonly ports: ProberPorts) {}

  /**
   * The result; `notRun` if there is no prober.
   * @throws the reason of `stop`
   */
  readonly run = async (placed: PlacedCheck, stop?: AbortSignal): Promise<CheckResult> => {
    const { check, target, path } = placed;
    const leg = pathLeg(check);
    if (path === undefined || leg === undefined) return runCheck(check, target, stop);
    const start = performance.now();
    try {
      const prober = await this.of(leg, path.server);
      const result = await answerOf(prober, placed, stop);
      return result.ok || result.notRun ? result : { ...result, reason: `as ${path.vip}: ${result.reason}` };
    } catch (error) {
      stop?.throwIfAborted();
      if (!(error instanceof LvsadmError)) throw error;
      return { ok: false, ms: performance.now() - start, notRun: true, reason: error.message };
    }
  };

  /** Ends all namespaces, and closes the machine. */
  async end(): Promise<void> {
    const all = [...this.legs.values()];
    this.legs.clear();
    for (const { prober } of all) (await prober.catch(() => undefined))?.end();
    await this.ports.machine.close();
  }

  private async of(leg: Leg, server: string): Promise<Prober> {
    const key = JSON.stringify(leg);
    const found = this.legs.get(key);
    if (found === undefined) {
      const first = this.start(leg, server, FIRST_PAUSE);
      this.legs.set(key, first);
      return first.prober;
    }
    const hasEnded = await found.prober.then(
      (prober) => prober.hasEnded,
      () => true,
    );
    if (!hasEnded || performance.now() < found.due) return found.prober;
    // Another check may have started the next one meanwhile.
    const current = this.legs.get(key);
    if (current !== undefined && current !== found) return current.prober;
    const next = this.start(leg, server, found.pause);
    this.legs.set(key, next);
    return next.prober;
  }

  private start(leg: Leg, server: string, pause: number): LegProber {
    const prober = Prober.start(leg, server, this.ports);
    const started = { prober, pause: Math.min(2 * pause, LONGEST_PAUSE), due: performance.now() + pause };
    prober.then(
      () => {
        started.pause = FIRST_PAUSE;
      },
      () => {},
    );
    return started;
  }
}

/** @throws HostError if the prober has ended, the reason of `stop` */
async function answerOf(
  prober: Prober,
  { check, target: { port }, path }: PlacedCheck,
  stop: AbortSignal | undefined,
): Promise<CheckResult> {
  let abandon = (): void => {};
  // A prober that is stuck is of no use to the next check either.
  const overdue = setTimeout(() => prober.end(), check.timeout + GRACE);
  try {
    return await new Promise((resolve, reject) => {
      abandon = () => reject(stop?.reason);
      stop?.addEventListener('abort', abandon, { once: true });
      prober.ask('check', { path: path as NonNullable<typeof path>, check, port }).then(resolve, reject);
    });
  } finally {
    clearTimeout(overdue);
    stop?.removeEventListener('abort', abandon);
  }
}
