/**
 * Orders the changes of a plan so that traffic does not suffer. Pure.
 *
 * A stage starts only when the one before it is complete: additions come before removals, and weights rise before others fall.
 */
import type { Change } from '../model/change.js';
import type { Daemon } from '../model/daemon.js';
import type { Destination } from '../model/destination.js';
import type { Timeouts } from '../model/table.js';
import { changing, type Plan, type Planned, type PlannedService, subject } from './plan.js';

export type Stage = readonly Change[];

/** The stages that have something to do. Empty if the plan changes nothing. */
export function stagesOf(plan: Plan): Stage[] {
  const { daemons, timeouts } = plan;
  const services = changing(plan);
  const restarted = daemons.filter(({ action }) => action === 'change');
  return [
    // The kernel has either daemons or servers of another family: removals come before additions that they exclude.
    [...daemons.filter(({ action }) => action === 'remove').map(stop), ...setTimeouts(timeouts)],
    services.flatMap(additions),
    services.flatMap((service) => edits(service, raisesWeight)),
    services.flatMap((service) => edits(service, (destination) => !raisesWeight(destination))),
    services.flatMap(removals),
    services.flatMap((service) => serviceChange(service, 'remove')),
    [
      ...restarted.flatMap((daemon) => [stop(daemon), start(daemon)]),
      ...daemons.filter(({ action }) => action === 'add').map(start),
    ],
  ].filter((stage) => stage.length > 0);
}

/** A new service gets its servers at once; one that changes is changed before its servers are. */
const additions = (service: PlannedService): Change[] => [
  ...serviceChange(service, 'add'),
  ...serviceChange(service, 'change'),
  ...of(service, 'add').map(
    (destination): Change => ({
      do: 'addDestination',
      of: subject(service).id,
      destination: subject(destination),
    }),
  ),
];

const edits = (service: PlannedService, which: (destination: Planned<Destination>) => boolean): Change[] =>
  of(service, 'change')
    .filter(which)
    .map((destination) => ({
      do: 'editDestination',
      of: subject(service).id,
      destination: subject(destination),
    }));

const removals = (service: PlannedService): Change[] =>
  // The kernel removes a service with all its servers.
  service.action === 'remove'
    ? []
    : of(service, 'remove').map((destination) => ({
        do: 'deleteDestination',
        of: subject(service).id,
        id: subject(destination).id,
      }));

function serviceChange(planned: PlannedService, action: 'add' | 'change' | 'remove'): Change[] {
  if (planned.action !== action) return [];
  const service = subject(planned);
  if (action === 'remove') return [{ do: 'deleteService', id: service.id }];
  return [{ do: action === 'add' ? 'addService' : 'editService', service }];
}

const of = (service: PlannedService, action: 'add' | 'change' | 'remove'): Planned<Destination>[] =>
  service.destinations.filter((destination) => destination.action === action);

const raisesWeight = ({ before, after }: Planned<Destination>): boolean =>
  (after?.weight ?? 0) > (before?.weight ?? 0);

/** The kernel has at most one of each state. */
const stop = (daemon: Planned<Daemon>): Change => ({
  do: 'stopDaemon',
  daemon: { state: subject(daemon).state },
});
const start = (daemon: Planned<Daemon>): Change => ({ do: 'startDaemon', daemon: subject(daemon) });

/** 0 leaves a timeout unchanged. */
function setTimeouts(planned: Plan['timeouts']): Change[] {
  if (planned?.action !== 'change') return [];
  const timeouts: Record<keyof Timeouts, number> = { tcp: 0, tcpFin: 0, udp: 0 };
  for (const { field, to } of planned.differences) {
    timeouts[field as keyof Timeouts] = Number(to);
  }
  return [{ do: 'setTimeouts', timeouts }];
}
