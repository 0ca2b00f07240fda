/** Many checks, each run once: identical ones together, few at a time, and not all in the same moment. */
import { type Check, checkKinds, goesThroughPath } from '../model/check.js';
import type { Destination, DestinationId } from '../model/destination.js';
import { pathTo, type ServerPath } from '../model/server-path.js';
import type { ServiceId } from '../model/service.js';
import type { CheckTarget } from './checks/check.js';
import { type CheckResult, runCheck } from './run-check.js';

/** A check and where it goes. */
export interface PlacedCheck {
  readonly check: Check;
  readonly target: CheckTarget;
  /** The way to the target, the virtual address; undefined for a check that goes to the server itself. */
  readonly path?: ServerPath | undefined;
}

/** The check of a server of a service: to the virtual address if it goes through a path. */
export function placeFor(check: Check, service: ServiceId, destination: Destination): PlacedCheck {
  const placed = placeCheck(check, destination.id);
  const path = goesThroughPath(check) ? pathTo(service, destination).path : undefined;
  return path === undefined ? placed : { ...placed, path, target: { ...placed.target, address: path.vip } };
}

/** The check of a server; port 0 where neither has a port nor needs one. */
export function placeCheck(check: Check, server: DestinationId): PlacedCheck {
  const { connectTo: address = server.address, bind } = check;
  const kind: { readonly about: string; readonly usualPort?: number } = checkKinds[check.kind];
  const port = check.port ?? (server.port || kind.usualPort || 0);
  return { check, target: { address, port, bind } };
}

export interface RunChecksOptions {
  /** Most checks at once, each with a socket or a program (default: 256). */
  readonly concurrency?: number;
  /** Ends all without results. */
  readonly stop?: AbortSignal | undefined;
  /** Runs one of them (default: from this process). */
  readonly run?: RunPlaced;
}

/** @throws the reason of `stop` */
export type RunPlaced = (placed: PlacedCheck, stop?: AbortSignal) => Promise<CheckResult>;

const runHere: RunPlaced = ({ check, target }, stop) => runCheck(check, target, stop);

const CONCURRENCY = 256;

/** The results, in the order of the checks. @throws the reason of `stop` */
export async function runChecks(
  checks: readonly PlacedCheck[],
  { concurrency = CONCURRENCY, stop, run = runHere }: RunChecksOptions = {},
): Promise<CheckResult[]> {
  const keys = checks.map(checkKey);
  const end = new AbortController();
  // Each check listens to it; of more than ten listeners the runtime warns.
  process.getBuiltinModule('node:events').setMaxListeners(0, end.signal);
  const abort = (): void => end.abort(stop?.reason);
  stop?.addEventListener('abort', abort, { once: true });
  if (stop?.aborted) abort();
  const different = new Map(checks.map((placed, index) => [keys[index] as string, placed]));
  const results = new Map<string, CheckResult>();
  const waiting = different.entries();
  const worker = async (): Promise<void> => {
    for (const [key, placed] of waiting) {
      const { every, jitter } = placed.check;
      await pauseAtRandom((every * jitter) / 100, end.signal);
      results.set(key, await run(placed, end.signal));
    }
  };
  const workers = Array.from({ length: Math.min(concurrency, different.size) }, worker);
  // All of them, so that nothing is open when this ends.
  const settled = await Promise.allSettled(workers);
  stop?.removeEventListener('abort', abort);
  for (const each of settled) if (each.status === 'rejected') throw each.reason;
  return keys.map((key) => results.get(key) as CheckResult);
}

/** Equal for checks that ask the same question of the same server, however often they are to run. */
export function checkKey({ check, target, path }: PlacedCheck): string {
  const { every, fastEvery, jitter, rise, fall, connectTo, port, bind, ...question } = check;
  const options = Object.entries(question).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([target.address, target.port, target.bind, options, path]);
}

/** @param most milliseconds. @throws the reason of `stop` */
async function pauseAtRandom(most: number, stop: AbortSignal): Promise<void> {
  if (most === 0) return;
  const { setTimeout } = process.getBuiltinModule('node:timers/promises');
  await setTimeout(Math.random() * most, undefined, { signal: stop }).catch((error) => {
    stop.throwIfAborted();
    throw error;
  });
}
