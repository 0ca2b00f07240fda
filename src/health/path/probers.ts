/** Runs checks of documents: from this process, or from the prober of their leg if they go through a path. */
import { LvsadmError } from '../../errors.js';
import { type Leg, pathLeg } from '../../model/check.js';
import type { ServerPath } from '../../model/server-path.js';
import { type CheckResult, runCheck } from '../run-check.js';
import type { PlacedCheck } from '../run-checks.js';
import { LegProber } from './leg-prober.js';
import type { Prober, ProberPorts } from './prober.js';

/** Milliseconds after the time limit of a check for its result to come from the prober. */
const GRACE = 1000;

/** Milliseconds for the way to a server, behind those of all others that are made at a start. */
const MAKING = 60_000;

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
      const result = await unlessStopped(this.ask(this.of(leg), placed, path), stop);
      return result.ok || result.notRun ? result : { ...result, reason: `as ${path.vip}: ${result.reason}` };
    } catch (error) {
      stop?.throwIfAborted();
      if (!(error instanceof LvsadmError)) throw error;
      return { ok: false, ms: performance.now() - start, notRun: true, reason: error.message };
    }
  };

  /**
   * Ends the namespaces of the legs that no check has any more, whose addresses may be those of new legs, and removes the ways to
   * servers that no check has any more.
   */
  async keep(checks: Iterable<PlacedCheck>): Promise<void> {
    const paths = new Map<string, ServerPath[]>();
    for (const { check, path } of checks) {
      const leg = pathLeg(check);
      if (leg === undefined || path === undefined) continue;
      const key = keyOf(leg);
      const own = paths.get(key) ?? [];
      own.push(path);
      paths.set(key, own);
    }
    const kept: Promise<void>[] = [];
    for (const [key, prober] of this.legs) {
      const own = paths.get(key);
      if (own !== undefined) kept.push(prober.keep(own));
      else {
        this.legs.delete(key);
        void prober.end();
      }
    }
    await Promise.all(kept);
  }

  /** Ends all namespaces, and closes the machine. */
  async end(): Promise<void> {
    const all = [...this.legs.values()];
    this.legs.clear();
    await Promise.all(all.map((prober) => prober.end()));
    await this.ports.machine.close();
  }

  private of(leg: Leg): LegProber {
    const key = keyOf(leg);
    const found = this.legs.get(key) ?? new LegProber(leg, this.ports);
    this.legs.set(key, found);
    return found;
  }

  /** @throws HostError if there is no prober, or it has ended */
  private async ask(leg: LegProber, { check, target }: PlacedCheck, path: ServerPath): Promise<CheckResult> {
    const prober = await leg.get(path.server);
    await within(MAKING, prober, () => prober.prepare(path));
    return within(check.timeout + GRACE, prober, () =>
      prober.ask('check', { path, check, port: target.port }),
    );
  }
}

/** Ends a prober that takes longer: one that is stuck is of no use to the next check either. */
export async function within<T>(
  milliseconds: number,
  prober: Pick<Prober, 'end'>,
  ask: () => Promise<T>,
): Promise<T> {
  const overdue = setTimeout(() => prober.end(), milliseconds);
  try {
    return await ask();
  } finally {
    clearTimeout(overdue);
  }
}

const keyOf = (leg: Leg): string => JSON.stringify(leg);

/** @throws what `answer` throws, the reason of `stop` */
async function unlessStopped<T>(answer: Promise<T>, stop: AbortSignal | undefined): Promise<T> {
  let abandon = (): void => {};
  const stopped = new Promise<never>((_, reject) => {
    abandon = () => reject(stop?.reason);
    stop?.addEventListener('abort', abandon, { once: true });
  });
  try {
    return await Promise.race([answer, stopped]);
  } finally {
    stop?.removeEventListener('abort', abandon);
  }
}
