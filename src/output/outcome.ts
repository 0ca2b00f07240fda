/** The result of applying a plan, as text and as JSON. */

import type { Change } from '../model/change.js';
import { destinationKey } from '../model/destination.js';
import { formatService } from '../model/service-uri.js';
import type { Outcome, Reconciliation, SettingOutcome } from '../plan/apply.js';
import type { Json } from './json.js';
import { differenceJson, valueText } from './plan.js';
import type { Theme } from './theme.js';

const verbs: Record<Change['do'], { readonly done: string; readonly paint: keyof Theme }> = {
  addService: { done: 'added', paint: 'added' },
  editService: { done: 'changed', paint: 'changed' },
  deleteService: { done: 'removed', paint: 'removed' },
  zeroService: { done: 'zeroed', paint: 'changed' },
  addDestination: { done: 'added', paint: 'added' },
  editDestination: { done: 'changed', paint: 'changed' },
  deleteDestination: { done: 'removed', paint: 'removed' },
  startDaemon: { done: 'started', paint: 'added' },
  stopDaemon: { done: 'stopped', paint: 'removed' },
  setTimeouts: { done: 'changed', paint: 'changed' },
  flush: { done: 'flushed', paint: 'removed' },
  zeroAll: { done: 'zeroed', paint: 'changed' },
};

/** The object of a change, in the notation of documents. */
function objectOf(change: Change): {
  readonly service?: string;
  readonly server?: string;
  readonly what?: string;
} {
  if ('service' in change) return { service: formatService(change.service.id) };
  if ('of' in change) {
    const id = 'destination' in change ? change.destination.id : change.id;
    return { service: formatService(change.of), server: destinationKey(id) };
  }
  if ('id' in change) return { service: formatService(change.id) };
  if ('daemon' in change) return { what: `${change.daemon.state} sync daemon` };
  return { what: change.do === 'setTimeouts' ? 'timeouts' : 'the whole table' };
}

const objectText = (change: Change): string => {
  const { service, server, what } = objectOf(change);
  return [service, server, what].filter(Boolean).join(' ');
};

/** @param reason why the kernel refused a change */
export function renderReconciliation(
  reconciliation: Reconciliation,
  theme: Theme,
  reason: (outcome: Outcome) => string,
): string {
  const { settings, outcomes, converged, rounds, interrupted } = reconciliation;
  const lines = [
    ...settings.map((outcome) => settingLine(outcome, theme)),
    ...outcomes.map((outcome) => outcomeLine(outcome, theme, reason)),
  ];
  const count = (result: Outcome['result']) => countOf(reconciliation, result);
  const again = rounds > 1 ? `; another program changed the table meanwhile, planned ${rounds} times` : '';
  if (interrupted) {
    lines.push(`interrupted: ${interruptedAt(reconciliation)}`);
  } else if (converged) {
    lines.push(
      lines.length === 0 ? theme.quiet(`nothing to change${again}`) : `${count('done')} done${again}`,
    );
  } else {
    lines.push(
      `${count('done')} done, ${count('refused')} refused, ${count('skipped')} not done${again}; run it again once the cause is gone`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function settingLine({ difference: { field, from, to }, result }: SettingOutcome, theme: Theme): string {
  const object = `setting ${field}  ${valueText(from)} -> ${valueText(to)}`;
  return result === 'done'
    ? `${theme.changed('changed  ')}${object}`
    : `${theme.quiet('not done ')}${object}`;
}

function outcomeLine(outcome: Outcome, theme: Theme, reason: (outcome: Outcome) => string): string {
  const { done, paint } = verbs[outcome.change.do];
  const object = objectText(outcome.change) + differencesText(outcome);
  if (outcome.result === 'done') return `${theme[paint](done.padEnd(9))}${object}`;
  if (outcome.result === 'skipped') return `${theme.quiet('not done'.padEnd(9))}${object}`;
  return `${theme.warning('refused'.padEnd(9))}${object}: ${reason(outcome)}`;
}

type Results = Pick<Reconciliation, 'settings' | 'outcomes'>;

const countOf = ({ settings, outcomes }: Results, result: Outcome['result']): number =>
  [...settings, ...outcomes].filter((outcome) => outcome.result === result).length;

/** What an interrupted apply has done, and how to go on. */
export const interruptedAt = (results: Results): string =>
  `${countOf(results, 'done')} done, ${countOf(results, 'skipped')} not done; run it again to go on`;

/** `  weight 1 -> 7, upperThreshold 0 -> 100` */
const differencesText = ({ differences = [] }: Outcome): string => {
  const texts = differences.map(({ field, from, to }) => `${field} ${valueText(from)} -> ${valueText(to)}`);
  return texts.length === 0 ? '' : `  ${texts.join(', ')}`;
};

/** Refusals in a line each, for standard error: standard output may be a file that nobody looks at. */
export const refusals = ({ outcomes }: Reconciliation, reason: (outcome: Outcome) => string): string =>
  outcomes
    .filter(({ result }) => result === 'refused')
    .map((outcome) => `lvsadm: refused: ${objectText(outcome.change)}: ${reason(outcome)}\n`)
    .join('');

export const reconciliationJson = (
  { settings, outcomes, converged, rounds, interrupted }: Reconciliation,
  reason: (outcome: Outcome) => string,
): Readonly<Record<string, Json>> => ({
  converged,
  rounds,
  interrupted: interrupted || undefined,
  changes: [...settings.map(settingJson), ...outcomes.map((outcome) => outcomeJson(outcome, reason))],
});

const settingJson = ({ difference, result }: SettingOutcome): Json => ({
  change: 'setSetting',
  what: `setting ${difference.field}`,
  result,
  ...(result === 'done' && { differences: [differenceJson(difference)] }),
});

const outcomeJson = (outcome: Outcome, reason: (outcome: Outcome) => string): Json => ({
  change: outcome.change.do,
  ...objectOf(outcome.change),
  result: outcome.result,
  ...(outcome.differences?.length && { differences: outcome.differences.map(differenceJson) }),
  ...(outcome.error && { error: { code: outcome.error.code, message: reason(outcome) } }),
});
