/** The health of servers as the agent of this network namespace knows it, for commands that do without where none runs. */
import type { CheckHealth, HealthReport, ServerHealth } from '../../../agent/reports/health-report.js';
import type { Context } from '../../../context.js';
import { LvsadmError } from '../../../errors.js';
import type { Condition } from '../../../health/state.js';
import { ifThere } from '../../../system/files/files.js';
import { openStore } from '../store.js';
import { askAgent, ifPresent } from './running-agent.js';

/** Milliseconds without a byte of an answer. */
const PATIENCE = 200;

export class AgentHealth {
  private told: string | undefined;

  /** @param tell takes a line on why the agent did not answer, once until it does */
  constructor(
    private readonly context: Context,
    private readonly tell: (line: string) => void,
    private readonly runDir?: string,
  ) {}

  /** Undefined if no agent runs, or it does not answer. */
  async read(): Promise<HealthReport | undefined> {
    try {
      const path = openStore(this.context, this.runDir).socketPath('agent');
      // Without a socket no module for sockets is loaded.
      const isThere = ifThere(() => this.context.files.lstatSync(path)) !== undefined;
      const report = isThere ? await ifPresent(askAgent<HealthReport>(path, {}, PATIENCE)) : undefined;
      this.told = undefined;
      return report;
    } catch (error) {
      const reason = error instanceof LvsadmError ? error.message : String(error);
      if (reason !== this.told) this.tell(`no health of servers: ${reason}`);
      this.told = reason;
      return undefined;
    }
  }
}

/** `kept`: down, and in use because of the floor. */
export type HealthState = Condition | 'kept';

export interface HealthMark {
  readonly state: HealthState;
  /** Results in a row against the state, and how many of them change it; of 0 while there are none. */
  readonly count: number;
  readonly of: number;
  /** Of the last result; null before the first one. */
  readonly reason: string | null;
  /** Whether an operator holds its weight. */
  readonly held: boolean;
  /** Why this machine does not run a check of it, so that nothing confirms the state; null while all of them run. */
  readonly notRun: string | null;
}

/** The worst of its checks comes first. */
const worstFirst: readonly Condition[] = ['down', 'rising', 'failing', 'unknown', 'up'];

/** Undefined for a server without checks. */
export function healthMark({ checks, kept, held }: ServerHealth): HealthMark | undefined {
  const rank = ({ state }: CheckHealth): number => worstFirst.indexOf(state);
  const [worst] = checks.toSorted((a, b) => rank(a) - rank(b));
  if (worst === undefined) return undefined;
  const { state, count, of, reason } = worst;
  // An agent of an earlier version does not say it.
  const notRun = checks.find((check) => check.notRun)?.notRun?.reason ?? null;
  return { state: kept ? 'kept' : state, count, of, reason, held: held !== null, notRun };
}

/** By the names of service and server, as {@link serverKey} joins them. */
export type HealthMarks = ReadonlyMap<string, HealthMark>;

export const serverKey = (service: string, server: string): string => `${service} ${server}`;

export const marksOf = (report: HealthReport | undefined): HealthMarks =>
  new Map(
    report?.services.flatMap(({ service, servers }) =>
      servers.flatMap((server) => {
        const mark = healthMark(server);
        return mark === undefined ? [] : [[serverKey(service, server.server), mark] as const];
      }),
    ),
  );

/** Whether clients are sent to the server for what it is, not for want of others. */
export const isHealthy = ({ state }: HealthMark): boolean => !['down', 'rising', 'kept'].includes(state);

/** Failures that are only counted change no word. */
export const healthWord = (mark: HealthMark): 'up' | 'kept' | 'down' =>
  isHealthy(mark) ? 'up' : mark.state === 'kept' ? 'kept' : 'down';
