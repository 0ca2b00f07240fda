/** The result of applying a plan, as text and as JSON. */

import { KernelError, type LvsadmError } from '../errors.js';
import { printable } from '../foreign-text.js';
import type { Change } from '../model/change.js';
import { destinationKey } from '../model/destination.js';
import { formatService } from '../model/service-uri.js';
import type { Outcome, Reconciliation } from '../plan/apply.js';
import type { SettingOutcome } from '../plan/settings.js';
import type { TakenBack } from '../plan/take-back.js';
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

export function renderReconciliation(reconciliation: Reconciliation, theme: Theme, reason: Reason): string {
  const { settings, outcomes, converged, rounds, interrupted, takenBack, failure } = reconciliation;
  const lines = [
    ...settings.map((outcome) => settingLine(outcome, theme)),
    ...outcomes.map((outcome) => outcomeLine(outcome, theme, reason)),
  ];
  const count = (result: Outcome['result']) => countOf(reconciliation, result);
  const again = rounds > 1 ? `; another program changed the table meanwhile, planned ${rounds} times` : '';
  if (takenBack !== undefined) {
    lines.push(theme.heading('taking back:'), ...takenBack.map((each) => takenBackLine(each, theme, reason)));
    const end = failure ? 'failed' : `${count('refused')} refused, ${count('skipped')} not done`;
    lines.push(`${end}; ${takenBackText(takenBack)}`);
  } else if (interrupted) {
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

function settingLine(
  { difference: { field, from, to }, result, error }: SettingOutcome,
  theme: Theme,
): string {
  const object = `setting ${field}  ${valueText(from)} -> ${valueText(to)}`;
  if (result === 'done') return `${theme.changed('changed  ')}${object}`;
  if (error === undefined) return `${theme.quiet('not done ')}${object}`;
  return `${theme.warning('refused  ')}${object}: ${printable(error.message)}`;
}

function outcomeLine(outcome: Outcome, theme: Theme, reason: Reason): string {
  const { done, paint } = verbs[outcome.change.do];
  const object = objectText(outcome.change) + differencesText(outcome);
  if (outcome.result === 'done') return `${theme[paint](done.padEnd(9))}${object}`;
  if (outcome.result === 'skipped') return `${theme.quiet('not done'.padEnd(9))}${object}`;
  return `${theme.warning('refused'.padEnd(9))}${object}: ${reason(outcome)}`;
}

type Results = Pick<Reconciliation, 'settings' | 'outcomes'>;

/** Why the kernel refused a change, or what else kept changes from being made. */
type Reason = (outcome: { readonly error?: LvsadmError | undefined }) => string;

const countOf = ({ settings, outcomes }: Results, result: Outcome['result']): number =>
  [...settings, ...outcomes].filter((outcome) => outcome.result === result).length;

/** What an interrupted apply has done, and how to go on. */
export const interruptedAt = (
  results: Pick<Reconciliation, 'settings' | 'outcomes' | 'takenBack'>,
): string =>
  results.takenBack === undefined
    ? `${countOf(results, 'done')} done, ${countOf(results, 'skipped')} not done; run it again to go on`
    : takenBackText(results.takenBack);

function takenBackText(takenBack: readonly TakenBack[]): string {
  const failed = takenBack.filter(({ error }) => error !== undefined).length;
  return failed === 0
    ? 'all that was done is taken back'
    : `${failed} of ${takenBack.length} changes could not be taken back`;
}

function takenBackLine({ change, error }: TakenBack, theme: Theme, reason: Reason): string {
  const { done, paint } = 'do' in change ? verbs[change.do] : verbs.setTimeouts;
  const object = takenBackObject(change);
  return error === undefined
    ? `${theme[paint](done.padEnd(9))}${object}`
    : `${theme.warning('refused'.padEnd(9))}${object}: ${takenBackReason(error, reason)}`;
}

const takenBackObject = (change: TakenBack['change']): string =>
  'do' in change ? objectText(change) : `setting ${change.setting} ${change.value}`;

const takenBackReason = (error: NonNullable<TakenBack['error']>, reason: Reason): string =>
  error instanceof KernelError ? reason({ error }) : printable(error.message);

/** `  weight 1 -> 7, upperThreshold 0 -> 100` */
const differencesText = ({ differences = [] }: Outcome): string => {
  const texts = differences.map(({ field, from, to }) => `${field} ${valueText(from)} -> ${valueText(to)}`);
  return texts.length === 0 ? '' : `  ${texts.join(', ')}`;
};

/** What the kernel refused, and why. */
export const refusedTexts = (
  { settings, outcomes }: Pick<Reconciliation, 'settings' | 'outcomes'>,
  reason: Reason,
): string[] => [
  ...settings.flatMap(({ difference: { field }, error }) =>
    error === undefined ? [] : `setting ${field}: ${printable(error.message)}`,
  ),
  ...outcomes
    .filter(({ result }) => result === 'refused')
    .map((outcome) => `${objectText(outcome.change)}: ${reason(outcome)}`),
];

/** Refusals in a line each, for standard error: standard output may be a file that nobody looks at. */
export const refusals = (reconciliation: Reconciliation, reason: Reason): string =>
  [
    ...(reconciliation.failure ? [`lvsadm: ${reason({ error: reconciliation.failure })}\n`] : []),
    ...refusedTexts(reconciliation, reason).map((text) => `lvsadm: refused: ${text}\n`),
    ...(reconciliation.takenBack ?? []).flatMap(({ change, error }) =>
      error === undefined
        ? []
        : `lvsadm: not taken back: ${takenBackObject(change)}: ${takenBackReason(error, reason)}\n`,
    ),
  ].join('');

export const reconciliationJson = (
  { settings, outcomes, converged, rounds, interrupted, takenBack, failure }: Reconciliation,
  reason: Reason,
): Readonly<Record<string, Json>> => ({
  converged,
  rounds,
  interrupted: interrupted || undefined,
  changes: [...settings.map(settingJson), ...outcomes.map((outcome) => outcomeJson(outcome, reason))],
  takenBack: takenBack?.map((each) => takenBackJson(each, reason)),
  error: failure && { message: reason({ error: failure }) },
});

const settingJson = ({ difference, result, error }: SettingOutcome): Json => ({
  change: 'setSetting',
  what: `setting ${difference.field}`,
  result,
  ...(result === 'done' && { differences: [differenceJson(difference)] }),
  ...(error && { error: { message: printable(error.message) } }),
});

const outcomeJson = (outcome: Outcome, reason: Reason): Json => ({
  change: outcome.change.do,
  ...objectOf(outcome.change),
  result: outcome.result,
  ...(outcome.differences?.length && { differences: outcome.differences.map(differenceJson) }),
  ...(outcome.error && { error: { code: outcome.error.code, message: reason(outcome) } }),
});

const takenBackJson = ({ change, error }: TakenBack, reason: Reason): Json => ({
  change: 'do' in change ? change.do : 'setSetting',
  ...('do' in change ? objectOf(change) : { what: `setting ${change.setting}` }),
  result: error === undefined ? 'done' : 'refused',
  ...(error && {
    error: {
      code: error instanceof KernelError ? error.code : undefined,
      message: takenBackReason(error, reason),
    },
  }),
});
