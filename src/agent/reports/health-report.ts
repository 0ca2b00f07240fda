/** The health of services as an answer of the agent: version 1 of what is asked over its socket. */
import { printable } from '../../foreign-text.js';
import type { Condition } from '../../health/state.js';
import type { ServerWeight } from '../../health/weights.js';
import { type HoldRecord, holdRecord } from '../../model/hold.js';
import type { Agent } from '../agent.js';
import type { Punctuality } from '../checks/check-schedule.js';
import type { WatchedCheck, WatchedServer, WatchedService } from '../watched-service.js';

export const REPORT_VERSION = 1;

/** A question. @example `{"version":1,"service":"tcp://192.0.2.10:80"}` */
export interface HealthQuestion {
  readonly version: number;
  /** As documents write it; all services if left out. */
  readonly service?: string | undefined;
}

/** What is known of one check of a server. */
export interface CheckHealth {
  /** `http`, `agent` */
  readonly check: string;
  readonly state: Condition;
  /** Milliseconds since the server came up or went down by this check. */
  readonly age: number;
  /** Results in a row against the state, and how many of them change it; of 0 while there are none. */
  readonly count: number;
  readonly of: number;
  /** Of the last result; null before the first one. */
  readonly ok: boolean | null;
  readonly ms: number | null;
  readonly reason: string | null;
  /** Milliseconds since the last result; null before the first one. */
  readonly resultAge: number | null;
  /** Why this machine has not run the check, and for how many milliseconds; null while it runs. */
  readonly notRun: { readonly age: number; readonly reason: string } | null;
  /** Times that it took the server down or up, since the agent started. */
  readonly transitions: number;
}

export interface ServerHealth {
  readonly server: string;
  /** In the kernel. */
  readonly weight: number;
  readonly factors: ServerWeight['factors'];
  /** Down, and in use because of the floor. */
  readonly kept: boolean;
  /** Whether there is passive evidence against it. */
  readonly suspect: boolean;
  /** The hold of an operator. */
  readonly held: HoldRecord | null;
  readonly checks: readonly CheckHealth[];
}

export interface ServiceHealth {
  readonly service: string;
  /** Sum of the weights of servers that are up. */
  readonly weightUp: number;
  /** Whether the sorry server gets the clients. */
  readonly sorry: boolean;
  readonly servers: readonly ServerHealth[];
}

export interface HealthReport {
  readonly version: typeof REPORT_VERSION;
  readonly punctuality: Readonly<Punctuality>;
  /** What is wrong with the agent itself. */
  readonly problems: readonly string[];
  readonly services: readonly ServiceHealth[];
}

/** Answers a line with a line: a report, or `{"version":1,"error":"..."}`. */
export function answerHealth(
  agent: Agent,
  line: string,
  now: number,
  problems: readonly string[] = [],
): string {
  const question = parsed(line);
  return JSON.stringify(
    typeof question === 'string'
      ? { version: REPORT_VERSION, error: question }
      : healthReport(agent, question.service, now, problems),
  );
}

/** @param service as documents write it; all services if left out */
export function healthReport(
  agent: Agent,
  service: string | undefined,
  now: number,
  problems: readonly string[] = [],
): HealthReport {
  const chosen = agent.services.filter(({ name }) => service === undefined || name === service);
  return {
    version: REPORT_VERSION,
    punctuality: agent.punctuality,
    problems: problems.map(printable),
    services: chosen.map((each) => serviceHealth(each, now)),
  };
}

/** @returns a text that says what is wrong with the question */
function parsed(line: string): HealthQuestion | string {
  try {
    const { version, service } = JSON.parse(line) as Partial<HealthQuestion>;
    if (version !== REPORT_VERSION) return `this agent speaks version ${REPORT_VERSION}`;
    if (service !== undefined && typeof service !== 'string') return 'service is a text';
    return { version, service };
  } catch {
    return 'a question is a JSON object on one line';
  }
}

export function serviceHealth(service: WatchedService, now: number): ServiceHealth {
  const { servers, weightUp, needsSorry } = service.weights(now);
  return {
    service: service.name,
    weightUp,
    sorry: needsSorry && service.health.sorry !== undefined,
    servers: service.servers.map((server, index) =>
      serverHealth(service, server, servers[index] as ServerWeight, now),
    ),
  };
}

function serverHealth(
  service: WatchedService,
  server: WatchedServer,
  { weight, factors, isKept }: ServerWeight,
  now: number,
): ServerHealth {
  const hold = service.holdOf(server);
  return {
    server: server.name,
    weight,
    factors,
    kept: isKept,
    suspect: service.suspects.has(server.name),
    held: hold === undefined ? null : holdRecord(hold),
    checks: server.checks.map((check) => checkHealth(check, now)),
  };
}

function checkHealth({ check, probe }: WatchedCheck, now: number): CheckHealth {
  const { condition, isUp, count, since } = probe.memory.state;
  const { last, notRun } = probe;
  const ageOf = (moment: number): number => Math.max(0, Math.round(now - moment));
  return {
    check: check.kind,
    state: condition,
    age: ageOf(since),
    count,
    of: count === 0 ? 0 : isUp ? check.fall : check.rise,
    ok: last?.ok ?? null,
    ms: last === undefined ? null : Number(last.ms.toFixed(1)),
    reason: last === undefined ? null : printable(last.reason),
    resultAge: last === undefined ? null : ageOf(last.at),
    notRun: notRun === undefined ? null : { age: ageOf(notRun.since), reason: printable(notRun.reason) },
    transitions: probe.transitions,
  };
}
