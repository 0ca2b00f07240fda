/** What a pass over the table did, as events: a line for each change of a weight, and one that counts the rest. */
import { refusal } from '../../messages.js';
import { describeChange } from '../../model/change.js';
import { destinationKey } from '../../model/destination.js';
import { formatService } from '../../model/service-uri.js';
import type { Outcome, Reconciliation } from '../../plan/apply.js';
import type { AgentEvent } from './event.js';

/**
 * Why the table is compared: the first time, new documents, the time for a look is there, changes were refused, addresses that the
 * documents lack were withdrawn, or results of checks.
 */
export type Cause = 'start' | 'reload' | 'resync' | 'retry' | 'withdrawn' | 'checks';

const causes: Readonly<Record<Exclude<Cause, 'checks'>, string>> = {
  start: 'first application',
  reload: 'the documents were read again',
  resync: 'another program changed the table',
  retry: 'refused changes were tried again',
  withdrawn: 'addresses that the documents lack were withdrawn',
};

/** @param reasonOf why a server has its weight */
export function eventsOf(
  { outcomes, settings }: Reconciliation,
  cause: Cause,
  reasonOf: (service: string, server: string) => string,
): AgentEvent[] {
  const events: AgentEvent[] = [];
  let others = settings.filter(({ result }) => result === 'done').length;
  for (const outcome of outcomes) {
    const event = outcome.result === 'done' ? eventOf(outcome, cause, reasonOf) : refusedEvent(outcome);
    if (event !== undefined) events.push(event);
    else if (outcome.result === 'done') others++;
  }
  const isSilent = others === 0 && cause !== 'start' && cause !== 'reload';
  if (cause === 'checks' || isSilent) return events;
  return [
    ...events,
    { event: 'applied', reason: `${causes[cause]}: ${others} other ${others === 1 ? 'change' : 'changes'}` },
  ];
}

function eventOf(
  { change, differences = [] }: Outcome,
  cause: Cause,
  reasonOf: (service: string, server: string) => string,
): AgentEvent | undefined {
  if (!('of' in change)) return undefined;
  const id = 'destination' in change ? change.destination.id : change.id;
  const names = { service: formatService(change.of), server: destinationKey(id) };
  const reason = reasonOf(names.service, names.server);
  const weight = differences.find(({ field }) => field === 'weight');
  if (weight !== undefined) {
    return { event: 'weight', ...names, from: Number(weight.from), to: Number(weight.to), reason };
  }
  // Servers that come with their documents are counted.
  if (cause !== 'checks' || change.do === 'editDestination') return undefined;
  return { event: 'server', ...names, to: change.do === 'addDestination' ? 'added' : 'removed', reason };
}

function refusedEvent({ change, error }: Outcome): AgentEvent | undefined {
  return error && { event: 'refused', reason: refusal(error.about(describeChange(change))) };
}
