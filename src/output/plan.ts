/** A plan as text and as JSON. */
import { printable } from '../foreign-text.js';
import type { Daemon } from '../model/daemon.js';
import { type Destination, destinationKey } from '../model/destination.js';
import { type Hold, type Holds, holdKey, holdRecord, holdText, noHolds } from '../model/hold.js';
import { type Service, serviceKey } from '../model/service.js';
import { formatService } from '../model/service-uri.js';
import { type Losses, memberKey } from '../plan/losses.js';
import {
  type Action,
  changing,
  type Difference,
  isChange,
  type Plan,
  type Planned,
  type PlannedService,
  subject,
} from '../plan/plan.js';
import type { Json } from './json.js';
import type { Theme } from './theme.js';
import { percent } from './units.js';

const marks: Record<Action, string> = { add: '+', change: '~', remove: '-', keep: ' ', leave: ' ' };

const paints: Record<Action, keyof Theme> = {
  add: 'added',
  change: 'changed',
  remove: 'removed',
  keep: 'quiet',
  leave: 'quiet',
};

/** Number of services, servers and daemons by action; timeouts and settings are one each. */
export function countActions(plan: Plan): Record<Action, number> {
  const counts: Record<Action, number> = { add: 0, change: 0, remove: 0, keep: 0, leave: 0 };
  for (const service of plan.services) {
    counts[service.action]++;
    if (service.unchanged !== undefined) counts.keep += service.unchanged;
    else for (const { action } of service.destinations) counts[action]++;
  }
  for (const { action } of plan.daemons) counts[action]++;
  if (plan.timeouts) counts[plan.timeouts.action]++;
  if (plan.settings) counts[plan.settings.action]++;
  return counts;
}

/** Whether the plan changes anything. */
export function changesAnything(plan: Plan): boolean {
  const { add, change, remove } = countActions(plan);
  return add + change + remove > 0;
}

/** The share of clients, 0 to 1, that get another server, by `serviceKey`: of services where it can be computed. */
export type Moves = ReadonlyMap<string, number>;

/** What is told of services and servers beside the plan. */
export interface PlanNotes {
  readonly losses?: Losses;
  readonly moves?: Moves | undefined;
  /** In force. */
  readonly holds?: Holds;
  /** Milliseconds since 1970. */
  readonly now?: number;
}

/**
 * Additions, changes with both values, removals with what they lose, and servers that are held; everything else is only counted.
 * Servers are indented below their service.
 */
export function renderPlan(plan: Plan, theme: Theme, notes: PlanNotes = {}): string {
  const { moves } = notes;
  const lines: string[] = [];
  const entry = (
    indent: string,
    action: Action,
    name: string,
    about: string,
    differences: readonly Difference[],
  ) => {
    const text = `${marks[action]} ${name}${about === '' ? '' : `  ${about}`}`;
    lines.push(indent + theme[paints[action]](text));
    for (const { field, from, to } of differences) {
      lines.push(`${indent}    ${field}: ${theme.removed(valueText(from))} -> ${theme.added(valueText(to))}`);
    }
  };
  if (plan.settings?.action === 'change') {
    entry('', 'change', 'settings', '', plan.settings.differences);
  }
  if (plan.timeouts?.action === 'change') {
    entry('', 'change', 'timeouts', '', plan.timeouts.differences);
  }
  for (const daemon of plan.daemons.filter(isChange)) {
    entry('', daemon.action, daemonName(daemon), aboutDaemon(daemon), daemon.differences);
  }
  for (const service of changing(plan)) {
    const destinations = service.destinations.filter(
      (each) => isChange(each) || holdOf(service, each, notes) !== undefined,
    );
    if (!isChange(service) && destinations.length === 0) continue;
    entry('', service.action, serviceName(service), aboutService(service, moves), service.differences);
    for (const destination of destinations) {
      const about = aboutDestination(service, destination, notes);
      const { id } = subject(destination);
      entry('  ', destination.action, destinationKey(id), about, destination.differences);
    }
  }
  if (moves !== undefined) lines.push(movesSummary(moves));
  return [...lines, summary(plan, theme), ''].join('\n');
}

function movesSummary(moves: Moves): string {
  if (moves.size === 0) return 'moves: no service that changes has a scheduler that hashes (mh, sh, dh)';
  const [most, services] = moves.size === 1 ? ['', 'service'] : ['at most ', 'services'];
  const share = percent(Math.max(...moves.values()));
  return `moves: ${most}${share} of the clients, in ${moves.size} ${services} with mh, sh or dh`;
}

function summary(plan: Plan, theme: Theme): string {
  const { add, change, remove, keep, leave } = countActions(plan);
  const foreign = countForeign(plan);
  const prunable = leave - foreign;
  const left =
    (prunable > 0 ? `, ${prunable} not in the document and left alone (--prune removes them)` : '') +
    (foreign > 0 ? `, ${foreign} outside of what the document owns and left alone` : '');
  if (add + change + remove === 0) return theme.quiet(`no difference: ${keep} unchanged${left}`);
  return `${theme.added(`${add} to add`)}, ${theme.changed(`${change} to change`)}, ${theme.removed(`${remove} to remove`)}, ${keep} unchanged${left}`;
}

/** Services, servers and daemons that are left although --prune is given, or if it were. */
const countForeign = ({ services, daemons }: Plan): number =>
  [...daemons, ...services.filter(({ action }) => action === 'leave').flatMap(withServers)].filter(
    ({ isForeign }) => isForeign,
  ).length;

const withServers = (service: PlannedService): Planned<unknown>[] => [service, ...service.destinations];

/** A value of a difference. */
export const valueText = (value: Difference['from']): string =>
  value === undefined ? 'none' : printable(String(value));

const lossOf = (
  service: PlannedService,
  destination: Planned<Destination>,
  { losses }: PlanNotes,
): number | undefined =>
  losses?.get(memberKey({ of: subject(service).id, destination: subject(destination) }));

const holdOf = (
  service: PlannedService,
  destination: Planned<Destination>,
  { holds = noHolds }: PlanNotes,
): Hold | undefined =>
  holds.size === 0
    ? undefined
    : holds.get(holdKey({ service: serviceName(service), server: destinationKey(subject(destination).id) }));

/** `dr weight 1, 3 connections`, `held at 0 by root since 14:02: disk` */
function aboutDestination(service: PlannedService, planned: Planned<Destination>, notes: PlanNotes): string {
  const { action } = planned;
  const loss = lossOf(service, planned, notes);
  const hold = holdOf(service, planned, notes);
  return [
    ...(action === 'add' || action === 'remove' ? [serverText(subject(planned))] : []),
    ...(loss === undefined ? [] : [`${loss} connection${loss === 1 ? '' : 's'}`]),
    ...(hold === undefined ? [] : [holdText(hold, notes.now ?? hold.since)]),
  ].join(', ');
}

/** `dr weight 1` */
export const serverText = ({ method, weight }: Destination): string => `${method} weight ${weight}`;

const serviceName = (service: PlannedService): string => formatService(subject(service).id);

const moveOf = (service: PlannedService, moves: Moves | undefined): number | undefined =>
  moves?.get(serviceKey(subject(service).id));

function aboutService(service: PlannedService, moves: Moves | undefined): string {
  const share = moveOf(service, moves);
  if (share !== undefined) return `moves ${percent(share)} of its clients`;
  return service.action === 'add' ? serviceText(subject(service)) : '';
}

/** `wlc persistent 300 s` */
export const serviceText = ({ scheduler, persistence }: Service): string =>
  printable(scheduler) + (persistence ? ` persistent ${persistence.timeout} s` : '');

const daemonName = (daemon: Planned<Daemon>): string => `${subject(daemon).state} sync daemon`;

const aboutDaemon = (daemon: Planned<Daemon>): string =>
  daemon.action === 'add' ? daemonText(subject(daemon)) : '';

/** `on eth0, id 3` */
export const daemonText = ({ interface: name, syncId }: Daemon): string =>
  `on ${printable(name)}, id ${syncId}`;

/** The plan as `diff --json` writes it: unchanged services and servers included. */
export function planJson(plan: Plan, notes: PlanNotes = {}): Json {
  const { moves } = notes;
  const { add, change, remove, keep, leave } = countActions(plan);
  return {
    summary: { add, change, remove, keep, leave, moves: moves && movesJson(moves) },
    settings: plan.settings && sectionJson(plan.settings),
    timeouts: plan.timeouts && sectionJson(plan.timeouts),
    sync: plan.daemons.map((daemon) => ({ daemon: subject(daemon).state, ...actionJson(daemon) })),
    services: plan.services.map((service) => ({
      service: serviceName(service),
      ...actionJson(service),
      moves: moveOf(service, moves),
      servers: service.destinations.map((destination) => ({
        server: destinationKey(subject(destination).id),
        ...actionJson(destination),
        loses: lossJson(destination, lossOf(service, destination, notes)),
        held: heldJson(holdOf(service, destination, notes)),
      })),
    })),
  };
}

const sectionJson = ({ action, differences }: Planned<unknown>): Json => ({
  action,
  differences: differences.map(differenceJson),
});

const movesJson = (moves: Moves): Json => ({
  services: moves.size,
  largest: moves.size > 0 ? Math.max(...moves.values()) : undefined,
});

const actionJson = ({ action, differences }: Planned<unknown>) => ({
  action,
  ...(action === 'change' && { differences: differences.map(differenceJson) }),
});

const lossJson = (planned: Planned<Destination>, connections: number | undefined): Json =>
  connections === undefined ? undefined : { weight: subject(planned).weight, connections };

/** The hold of a server; undefined, which JSON leaves out, without one. */
export const heldJson = (hold: Hold | undefined): Json => hold && { ...holdRecord(hold) };

export const differenceJson = ({ field, from, to }: Difference): Json => ({
  field,
  from: from ?? null,
  to: to ?? null,
});
