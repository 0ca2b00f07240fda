/** What holds have done to a service, as an answer of the agent to questions of {@link REPORT_VERSION}. */
import { HostError, LvsadmError } from '../../errors.js';
import { destinationKey } from '../../model/destination.js';
import type { Agent } from '../agent.js';
import type { HoldLoss } from '../hold-loss.js';
import type { HoldAttempt } from '../watched-service.js';
import { REPORT_VERSION } from './health-report.js';

/** The agent reads the holds, and answers when the weights are set. @example `{"version":1,"holds":"tcp://192.0.2.10:80"}` */
export interface HoldsQuestion {
  readonly version: typeof REPORT_VERSION;
  /** The service, as documents write it. */
  readonly holds: string;
  /** A hold that is not there yet: the answer says what it would take. */
  readonly attempt?: HoldAttempt | undefined;
}

export interface HoldsReport {
  readonly version: typeof REPORT_VERSION;
  /** Of the agent. */
  readonly pid: number;
  /** The servers of the service whose weights the agent sets; none if its documents do not have the service. */
  readonly servers: readonly {
    readonly server: string;
    readonly weight: number;
    /** The weight of its hold; null without one. */
    readonly held: number | null;
  }[];
  /** What the attempt would take; null if it takes nothing. An agent of an earlier version does not say it. */
  readonly loss?: HoldLoss | null;
}

/** Answers a line with a line. @returns undefined if the question is about something else */
export function answerHolds(agent: Agent, line: string): Promise<string> | undefined {
  const question = asked(line);
  return question && report(agent, question);
}

function asked(line: string): Pick<HoldsQuestion, 'holds' | 'attempt'> | undefined {
  try {
    const { version, holds, attempt } = JSON.parse(line) as Partial<HoldsQuestion>;
    if (version !== REPORT_VERSION || typeof holds !== 'string') return undefined;
    return { holds, attempt: isAttempt(attempt) ? attempt : undefined };
  } catch {
    return undefined;
  }
}

const isAttempt = (attempt: HoldAttempt | undefined): boolean =>
  Array.isArray(attempt?.servers) && Number.isSafeInteger(attempt.weight);

async function report(
  agent: Agent,
  { holds: service, attempt }: Pick<HoldsQuestion, 'holds' | 'attempt'>,
): Promise<string> {
  try {
    await agent.readHolds();
    if (agent.held.isLate) throw new HostError('read the holds', 'the disk has not answered yet');
    const servers = serversOf(agent.serviceNow(service)).map((each) => ({
      ...each,
      held: agent.held.of(service, each.server)?.weight ?? null,
    }));
    const report: HoldsReport = {
      version: REPORT_VERSION,
      pid: process.pid,
      servers,
      ...(attempt && { loss: agent.lossBy(service, attempt) ?? null }),
    };
    return JSON.stringify(report);
  } catch (error) {
    if (!(error instanceof LvsadmError)) throw error;
    return JSON.stringify({ version: REPORT_VERSION, error: error.message });
  }
}

/** A server that is down may not be in the table: it has weight 0 then. */
function serversOf(
  service: ReturnType<Agent['serviceNow']>,
): { readonly server: string; readonly weight: number }[] {
  const { destinations: documented = [] } = service?.documented ?? {};
  const { destinations: present = [] } = service?.now ?? {};
  const weights = new Map([
    ...documented.map(({ id }) => [destinationKey(id), 0] as const),
    ...present.map(({ id, weight }) => [destinationKey(id), weight] as const),
  ]);
  return Array.from(weights, ([server, weight]) => ({ server, weight }));
}
