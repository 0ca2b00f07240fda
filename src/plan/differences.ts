/** What a change of a plan changes from what to what. */
import type { Change } from '../model/change.js';
import { serviceKey } from '../model/service.js';
import { memberKey } from './losses.js';
import { changing, type Difference, type Plan, type Planned, subject } from './plan.js';

/** @returns the differences of a change that `stagesOf` made of the plan; none for an addition or a removal */
export function differencesIn(plan: Plan): (change: Change) => readonly Difference[] {
  const byKey = new Map<string, readonly Difference[]>();
  const note = (key: string, { action, differences }: Planned<unknown>): void => {
    if (action === 'change') byKey.set(key, differences);
  };
  for (const service of changing(plan)) {
    const of = subject(service).id;
    note(serviceKey(of), service);
    for (const server of service.destinations) note(memberKey({ of, destination: subject(server) }), server);
  }
  for (const daemon of plan.daemons) note(subject(daemon).state, daemon);
  if (plan.timeouts !== undefined) note('timeouts', plan.timeouts);
  return (change) => byKey.get(keyOf(change)) ?? [];
}

/** Empty for a change that has no differences. */
function keyOf(change: Change): string {
  switch (change.do) {
    case 'editService':
      return serviceKey(change.service.id);
    case 'editDestination':
      return memberKey(change);
    case 'startDaemon':
      return change.daemon.state;
    case 'setTimeouts':
      return 'timeouts';
    default:
      return '';
  }
}
