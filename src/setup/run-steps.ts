/** Runs the steps of a set-up one after another: all of them, or none. */
import { HostError, KernelError } from '../errors.js';
import type { Machine } from '../system/machine.js';
import type { Entry, Journal } from './journal.js';
import { apply, canUndo, check, describeStep, relianceOn, undo } from './steps/index.js';
import { ALREADY_SET, type SetupStep } from './steps/step.js';

/** `kept`: not undone, because others may rely on it. */
export type StepResult = 'already-set' | 'done' | 'undone' | 'kept';

/** Called after each step, with a note for the administrator if there is one. */
export type Observer = (step: SetupStep, result: StepResult, note?: string) => Promise<void> | void;

/**
 * Applies every step that does not hold already. Each change is written to the journal first.
 * @throws HostError for the first step that fails, after everything that this call changed has been undone
 */
export async function runSteps(
  steps: readonly SetupStep[],
  machine: Machine,
  journal: Journal,
  observe: Observer = () => {},
): Promise<void> {
  const made: Entry[] = [];
  for (const step of steps) {
    let attempted = describeStep(step);
    try {
      const previous = await check(step, machine);
      if (previous === ALREADY_SET) {
        await journal.claim(step);
        await observe(step, 'already-set');
        continue;
      }
      if (canUndo(step)) {
        attempted = `write ${journal.path}`;
        const entry = { step, previous };
        if (await journal.add(entry)) made.push(entry);
        attempted = describeStep(step);
      }
      await observe(step, 'done', await apply(step, machine));
    } catch (error) {
      const failed = await undoEntries(made.reverse(), machine, journal, { observe, force: true });
      throw new HostError(attempted, [reasonOf(error), ...failed].join('; '), { cause: error });
    }
  }
}

export interface Undoing {
  readonly observe?: Observer;
  /** Undo also what others may rely on. */
  readonly force: boolean;
}

/**
 * Undoes every change in the journal, the last one first.
 * @throws HostError with the changes that could not be undone; they stay in the journal
 */
export async function undoAll(machine: Machine, journal: Journal, undoing: Undoing): Promise<void> {
  const failed = await undoEntries([...journal.entries].reverse(), machine, journal, undoing);
  if (failed.length > 0) throw new HostError('undo everything', failed.join('; '));
}

/** @returns the changes that could not be undone, each with the reason */
async function undoEntries(
  entries: readonly Entry[],
  machine: Machine,
  journal: Journal,
  { observe = () => {}, force }: Undoing,
): Promise<string[]> {
  const failed: string[] = [];
  for (const entry of entries) {
    const { step, previous } = entry;
    try {
      const reliance = force ? undefined : await relianceOn(step, machine);
      if (reliance !== undefined) {
        await journal.settle(entry, 'kept');
        await observe(step, 'kept', `${reliance}; --force undoes it`);
        continue;
      }
      const note = await undo(step, machine, previous);
      await journal.settle(entry, 'undone');
      await observe(step, 'undone', note);
    } catch (error) {
      failed.push(`to undo '${describeStep(step)}' failed: ${reasonOf(error)}`);
    }
  }
  return failed;
}

/** The reason alone: the caller's message names the step. */
function reasonOf(error: unknown): string {
  if (error instanceof HostError) return error.reason;
  if (error instanceof KernelError) return [error.code, error.detail].filter(Boolean).join(', ');
  return error instanceof Error ? error.message : String(error);
}
