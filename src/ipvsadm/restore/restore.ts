/**
 * -R: the commands on standard input, one a line, carried out in their order. Changes go to the kernel in batches; any other
 * command runs when the changes before it are done.
 */
import { MalformedError, NoCommandError, UsageError } from '../../errors.js';
import { mistake } from '../../messages.js';
import { type Change, describeChange } from '../../model/change.js';
import type { Session } from '../name-lookup.js';
import { type ChangeBatch, type Step, stepsOf } from './batches.js';
import { type Execute, endsInput, REFUSED, type Refused, report } from './execution.js';
import { replace } from './replace.js';

/**
 * Reads and carries out standard input. Like ipvsadm, reports a refused change or an unknown option and goes on; ends at any
 * other mistake. An input that begins with -C replaces the table: a mistake anywhere in it leaves the table as it was. Lines of
 * --set, daemons and -Z may come before -C.
 * @param execute carries out a command that is not a change, and returns its exit status
 * @returns the exit status of the last line, as ipvsadm does
 * @throws UsageError that names the line
 */
export async function restore(session: Session, execute: Execute): Promise<number> {
  const steps = stepsOf(session);
  const { value: first, done } = await steps.next();
  if (done) return 0;
  const before = changesBeforeClear(first);
  if (before !== undefined) {
    // The table is about to be made anew, so the input is read to its end before anything is lost.
    return replaceTable(await checkedSteps(resumed(first, steps)), session, execute, before);
  }
  return follow(resumed(first, steps), session, execute);
}

/** Changes that -C may follow: they touch no services. */
const besideServices: readonly string[] = [
  'setTimeouts',
  'startDaemon',
  'stopDaemon',
  'zeroService',
  'zeroAll',
] satisfies Change['do'][];

/** The number of changes before -C, if none of them touches a service; undefined for an input that does not begin so. */
function changesBeforeClear(step: Step): number | undefined {
  if (step.do !== 'changes') return undefined;
  const { changes } = step;
  const before = changes.findOperation((operation) => !besideServices.includes(operation));
  return before >= 0 && changes.operation(before) === 'flush' ? before : undefined;
}

async function* resumed(first: Step, others: AsyncIterable<Step>): AsyncGenerator<Step> {
  yield first;
  yield* others;
}

/**
 * What `ipvsadm -C` and these steps do, without a moment at which the table is empty.
 * @param before number of changes at the start that come before the clear
 */
export async function replaceTable(
  steps: readonly Step[],
  session: Session,
  execute: Execute,
  before = 0,
): Promise<number> {
  const client = await session.context.client();
  // Then nothing can be lost, and lines need not be parsed.
  if ((await client.settings()).length === 0) return follow(steps, session, execute);
  return replace(steps, before, session, execute);
}

/** Carries steps out. @returns and @throws as {@link restore} does */
export async function follow(
  steps: AsyncIterable<Step> | Iterable<Step>,
  session: Session,
  execute: Execute,
): Promise<number> {
  let status = 0;
  for await (const step of steps) {
    if (step.do === 'changes') status = await apply(step.changes, session);
    else if (step.do === 'refuse') status = await refuse(step, session);
    else {
      status = await execute(step.command, session);
      if (endsInput(step.command, status)) return status;
    }
  }
  return status;
}

/** Changes and other commands that are kept until the input has been read: twice the largest tables. */
const MOST_STEPS = 2_000_000;

/** Bytes of their lines. */
const LARGEST_INPUT = 512 * 1024 * 1024;

/**
 * All steps, up to -h or -v; nothing is carried out.
 * @throws UsageError that names the first line with a mistake, and for an input that is too large to be kept
 */
export async function checkedSteps(steps: AsyncIterable<Step>): Promise<Step[]> {
  const checked: Step[] = [];
  let count = 0;
  let size = 0;
  for await (const step of steps) {
    if (step.do === 'refuse') throw new UsageError(located(step));
    checked.push(step);
    if (step.do === 'changes') {
      count += step.changes.count;
      size += step.changes.size;
    } else {
      if (endsInput(step.command, 0)) break;
      count++;
    }
    if (count > MOST_STEPS) throw new UsageError(`more than ${MOST_STEPS} rules on standard input`);
    if (size > LARGEST_INPUT) throw new UsageError(`more than ${LARGEST_INPUT} bytes on standard input`);
  }
  return checked;
}

/** Whether steps add something to the table, or clear it. */
export const makesTable = (steps: readonly Step[]): boolean =>
  steps.some(
    (step) => step.do === 'changes' && step.changes.findOperation((name) => making.includes(name)) >= 0,
  );

const making: readonly string[] = ['addService', 'addDestination', 'flush'] satisfies Change['do'][];

type Mistaken = Extract<Step, { do: 'refuse' }>;

const located = ({ number, mistake: error }: Mistaken): string => `line ${number}: ${mistake(error)}`;

async function refuse(step: Mistaken, { context }: Session): Promise<number> {
  const { mistake: error } = step;
  if (error instanceof NoCommandError) throw new NoCommandError(located(step));
  if (!(error instanceof MalformedError)) throw new UsageError(located(step));
  await context.err.write(`${located(step)}\n`);
  return REFUSED;
}

/** @returns the exit status of the last change */
async function apply(changes: ChangeBatch, session: Session): Promise<number> {
  const client = await session.context.client();
  const refusals = await client.applyBatch(changes.batch);
  const refused: Refused[] = [];
  for (const { index, error } of refusals) {
    const change = await changes.change(index, session);
    refused.push({ change, number: changes.number(index), error: error.about(describeChange(change)) });
  }
  await report(refused, session);
  return refusals.at(-1)?.index === changes.count - 1 ? REFUSED : 0;
}
