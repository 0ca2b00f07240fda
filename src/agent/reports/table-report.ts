/** Tells what was done to the table: changes with their reasons, and once each what the kernel refuses, and why it cannot be asked. */
import type { LvsadmError } from '../../errors.js';
import { formatService } from '../../model/service-uri.js';
import type { Reconciliation } from '../../plan/apply.js';
import type { HeldServers } from '../held-servers.js';
import type { WatchedService } from '../watched-service.js';
import type { AgentEvent } from './event.js';
import { type Cause, eventsOf } from './table-events.js';

/** Services whose weights were set. */
export interface SetWeights {
  readonly services: readonly WatchedService[];
  /** When the weights were computed. */
  readonly at: number;
  /** Names of services whose weights were to change, whatever others did (default: none). */
  readonly expected?: ReadonlySet<string>;
  readonly held: HeldServers;
}

export class TableReport {
  private refusals: ReadonlySet<string> = new Set();
  private problem: string | undefined;
  /** Differences that another program made, as looks have found them. */
  drift = 0;

  constructor(private readonly tell: (event: AgentEvent) => void) {}

  done(reconciliation: Reconciliation, cause: Cause, weights: SetWeights): void {
    this.problem = undefined;
    if (cause === 'resync') this.drift += driftIn(reconciliation, weights);
    const events = eventsOf(reconciliation, cause, reasonsOf(cause, weights));
    const refusals = events.filter(({ event }) => event === 'refused').map(({ reason }) => reason);
    for (const event of events)
      if (event.event !== 'refused' || !this.refusals.has(event.reason)) this.tell(event);
    // Results of checks change some services: what was refused of others still is.
    this.refusals = new Set(cause === 'checks' ? [...this.refusals, ...refusals] : refusals);
  }

  failed({ message }: LvsadmError): void {
    if (message !== this.problem) this.tell({ event: 'problem', reason: message });
    this.problem = message;
  }
}

const driftIn = ({ outcomes, settings }: Reconciliation, { expected }: SetWeights): number =>
  settings.length +
  outcomes.filter(({ change }) => !('of' in change && expected?.has(formatService(change.of)))).length;

/** Why a server of a service has its weight. */
function reasonsOf(cause: Cause, { services, at, expected, held }: SetWeights) {
  const watched = new Map(services.map((service) => [service.name, service]));
  const reasons = new Map<string, ReadonlyMap<string, string> | undefined>();
  return (service: string, server: string): string => {
    if (!reasons.has(service)) reasons.set(service, watched.get(service)?.reasons(at));
    const reason =
      held.reasonOf(service, server) ?? reasons.get(service)?.get(server) ?? 'as the document says';
    return cause === 'resync' && !expected?.has(service) ? `another program changed it; ${reason}` : reason;
  };
}
