/** Changes of the table between two readings, one event for each. Pure. */
import type { Daemon } from '../../model/daemon.js';
import type { Destination } from '../../model/destination.js';
import type { ServiceId } from '../../model/service.js';
import type { State } from '../../model/state.js';
import { diff } from '../../plan/diff.js';
import { changing, type Difference, type Planned, type PlannedService, subject } from '../../plan/plan.js';
import type { EventSection, EventSettings, EventSubject, TableEvent } from './event.js';

/** In the order of the table: a service before servers that are added to it, and after those that are removed with it. */
export function eventsBetween(before: State, after: State): TableEvent[] {
  const plan = diff(before, after);
  return [
    ...(plan.timeouts?.differences ?? []).map((difference) =>
      changed('timeouts', { timeouts: true }, difference),
    ),
    ...plan.daemons.flatMap(daemonEvents),
    ...changing(plan).flatMap(serviceEvents),
  ];
}

const changed = (section: EventSection, who: EventSubject, difference: Difference): TableEvent => ({
  section,
  subject: who,
  action: 'changed',
  ...difference,
});

function daemonEvents(planned: Planned<Daemon>): TableEvent[] {
  const daemon = subject(planned);
  const who = { daemon: daemon.state };
  return [
    ...existence('daemons', who, planned, { daemon }),
    ...planned.differences.map((difference) => changed('daemons', who, difference)),
  ];
}

function serviceEvents(planned: PlannedService): TableEvent[] {
  const service = subject(planned);
  const who = { service: service.id };
  const own = [
    ...existence('services', who, planned, { service }),
    ...planned.differences.map((difference) => changed('services', who, difference)),
  ];
  const servers = planned.destinations.flatMap((server) => serverEvents(service.id, server));
  return planned.action === 'remove' ? [...servers, ...own] : [...own, ...servers];
}

function serverEvents(service: ServiceId, planned: Planned<Destination>): TableEvent[] {
  const server = subject(planned);
  const who = { service, server: server.id };
  return [
    ...existence('servers', who, planned, { server }),
    ...serverDifferences(planned).map((difference) =>
      changed(difference.field === 'weight' ? 'weights' : 'servers', who, difference),
    ),
  ];
}

/** A plan takes a reported `local` for any method that was set. Here both methods are reported. */
function serverDifferences({ before, after, differences }: Planned<Destination>): readonly Difference[] {
  const [from, to] = [before?.method, after?.method];
  const isKnown = differences.some(({ field }) => field === 'method');
  return !before || !after || from === to || isKnown
    ? differences
    : [{ field: 'method', from, to }, ...differences];
}

const existence = (
  section: EventSection,
  who: EventSubject,
  { action }: Planned<unknown>,
  settings: EventSettings,
): TableEvent[] =>
  action === 'add' || action === 'remove'
    ? [{ section, subject: who, action: action === 'add' ? 'added' : 'removed', settings }]
    : [];
