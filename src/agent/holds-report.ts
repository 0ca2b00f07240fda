/** What holds have done to a service, as an answer of the agent to questions of {@link REPORT_VERSION}. */
import { LvsadmError } from '../errors.js';
import { destinationKey } from '../model/destination.js';
import type { Agent } from './agent.js';
import { REPORT_VERSION } from './health-report.js';

/** The agent reads the holds, and answers when the weights are set. @example `{"version":1,"holds":"tcp://192.0.2.10:80"}` */
export interface HoldsQuestion {
  readonly version: typeof REPORT_VERSION;
  /** The service, as documents write it. */
  readonly holds: string;
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
}

/** Answers a line with a line. @returns undefined if the question is about something else */
export function answerHolds(agent: Agent, line: string): Promise<string> | undefined {
  const service = asked(line);
  return service === undefined ? undefined : report(agent, service);
}

function asked(line: string): string | undefined {
  try {
    const { version, holds } = JSON.parse(line) as Partial<HoldsQuestion>;
    return version === REPORT_VERSION && typeof holds === 'string' ? holds : undefined;
  } catch {
    return undefined;
  }
}

async function report(agent: Agent, service: string): Promise<string> {
  try {
    await agent.readHolds();
    const servers = serversOf(agent.serviceNow(service)).map((each) => ({
      ...each,
      held: agent.held.of(service, each.server)?.weight ?? null,
    }));
    return JSON.stringify({ version: REPORT_VERSION, pid: process.pid, servers } satisfies HoldsReport);
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
