/** One check of one server, run once: its result and its time. */
import type { Check, CheckKind } from '../model/check.js';
import {
  type CheckDetail,
  CheckFailure,
  type CheckTarget,
  type RunKind,
  type Success,
  Unanswered,
} from './checks/check.js';
import { failureReason, isNotRun } from './failure-reason.js';

export interface CheckResult extends Success {
  readonly ok: boolean;
  /** Milliseconds from the start to the result. */
  readonly ms: number;
  /** This machine could not run the check: `ok` is false, and tells nothing of the server. */
  readonly notRun?: true;
}

type Module<K extends CheckKind> = { readonly run: RunKind<K> };

/** The module of each kind, loaded at its first check. */
const modules: { readonly [K in CheckKind]: () => Promise<Module<K>> } = {
  tcp: () => import('./checks/tcp.js'),
  tls: () => import('./checks/tls.js'),
  http: () => import('./checks/http.js'),
  https: () => import('./checks/http.js'),
  dns: () => import('./checks/dns.js'),
  udp: () => import('./checks/udp.js'),
  smtp: () => import('./checks/smtp.js'),
  icmp: () => import('./checks/icmp.js'),
  grpc: () => import('./checks/grpc.js'),
  command: () => import('./checks/command.js'),
  file: () => import('./checks/file.js'),
  agent: () => import('./checks/agent.js'),
};

/** Milliseconds for a check to end by itself after its limit. What cannot be ended, such as a read from a dead file server, is left. */
const GRACE = 100;

/**
 * Runs a check until its result or its time limit. No socket, process or timer of it is left.
 * @param stop ends it without a result
 * @throws the reason of `stop`
 */
export async function runCheck(check: Check, target: CheckTarget, stop?: AbortSignal): Promise<CheckResult> {
  // Each module takes the checks of its own kind, which the compiler cannot follow through the table.
  const { run } = (await modules[check.kind]()) as Module<CheckKind>;
  stop?.throwIfAborted();
  const limit = new AbortController();
  const abort = (): void => limit.abort();
  const timer = setTimeout(abort, check.timeout);
  stop?.addEventListener('abort', abort, { once: true });
  const start = performance.now();
  const after = (): number => performance.now() - start;
  try {
    const success = await Promise.race([run(target, check, limit.signal), overdue(limit.signal)]);
    return { ok: true, ms: after(), ...success };
  } catch (error) {
    const ms = after();
    const detail: CheckDetail | undefined = error instanceof CheckFailure ? error.detail : undefined;
    const reason = failureReason(error, check.timeout);
    return { ok: false, ms, reason, ...(detail && { detail }), ...(isNotRun(error) && { notRun: true }) };
  } finally {
    clearTimeout(timer);
    stop?.removeEventListener('abort', abort);
    stop?.throwIfAborted();
  }
}

/** Fails a while after the limit. */
const overdue = (limit: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    limit.addEventListener('abort', () => setTimeout(reject, GRACE, new Unanswered('result')).unref());
  });
