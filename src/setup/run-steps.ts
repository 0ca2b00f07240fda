/** Steps carried out one after another: all of them, or none. */
import { HostError, KernelError } from '../errors.js';
import type { Machine } from '../system/machine.js';
import type { Entry, Journal } from './journal.js';
import { apply, canUndo, describeStep, look, undo } from './steps/index.js';
import { HELD, type Step } from './steps/step.js';

export type Outcome = 'held' | 'done' | 'undone';

/** Hears of each step, and of what is worth knowing about it. */
export type Observer = (step: Step, outcome: Outcome, note?: string) => Promise<void> | void;

/**
 * Makes every step hold. What holds already is left alone; what is changed is written into the journal first.
 * @throws HostError for the first step that fails, after all that this call changed has been undone
 */
export async function carryOut(
  steps: readonly Step[],
  machine: Machine,
  journal: Journal,
  observe: Observer = () => {},
): Promise<void> {
  const made: Entry[] = [];
  for (const step of steps) {
    try {
      const was = await look(step, machine);
      if (was === HELD) {
        await observe(step, 'held');
        continue;
      }
      const entry = { step, was };
      if (canUndo(step) && (await journal.add(entry))) made.push(entry);
      await observe(step, 'done', await apply(step, machine));
    } catch (error) {
      const left = await undoEntries(made.reverse(), machine, journal, observe);
      throw new HostError(describeStep(step), [reasonOf(error), ...left].join('; '), { cause: error });
    }
  }
}

/**
 * Undoes everything that the journal knows, the last change first.
 * @throws HostError with what could not be undone; that stays in the journal
 */
export async function undoAll(
  machine: Machine,
  journal: Journal,
  observe: Observer = () => {},
): Promise<void> {
  const left = await undoEntries([...journal.entries].reverse(), machine, journal, observe);
  if (left.length > 0) throw new HostError('undo everything', left.join('; '));
}

/** @returns what could not be undone, and why */
async function undoEntries(
  entries: readonly Entry[],
  machine: Machine,
  journal: Journal,
  observe: Observer,
): Promise<string[]> {
  const left: string[] = [];
  for (const entry of entries) {
    const { step, was } = entry;
    try {
      const note = await undo(step, machine, was);
      await journal.remove(entry);
      await observe(step, 'undone', note);
    } catch (error) {
      left.push(`to undo '${describeStep(step)}' failed: ${reasonOf(error)}`);
    }
  }
  return left;
}

/** Why a step failed, without what it was about: that is said around it. */
function reasonOf(error: unknown): string {
  if (error instanceof HostError) return error.reason;
  if (error instanceof KernelError) return [error.code, error.detail].filter(Boolean).join(', ');
  return error instanceof Error ? error.message : String(error);
}
