/**
 * -R: the commands on standard input, one a line, carried out in their order. Changes go to the kernel in batches; any other
 * command runs when the changes before it are done.
 */
import { MalformedError, NoCommandError, UsageError } from '../../errors.js';
import { explained, mistake, refusal } from '../../messages.js';
import { describeChange } from '../../model/change.js';
import type { Command } from '../grammar/command.js';
import type { Session } from '../name-lookup.js';
import { type ChangeBatch, type Step, stepsOf } from './batches.js';

/** ipvsadm's exit status if the kernel refuses a change, and for a line with an option that cannot be read. */
const REFUSED = 255;

type Execute = (command: Command, session: Session) => Promise<number>;

/**
 * Reads and carries out standard input. Like ipvsadm, reports a refused change or an unknown option and goes on; ends at any
 * other mistake.
 * @param execute carries out a command that is not a change, and returns its exit status
 * @returns the exit status of the last line, as ipvsadm does
 * @throws UsageError that names the line
 */
export const restore = (session: Session, execute: Execute): Promise<number> =>
  follow(stepsOf(session), session, execute);

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
      // ipvsadm ends after -h, -v and a failed command.
      if (step.command.do === 'help' || step.command.do === 'version' || status !== 0) return status;
    }
  }
  return status;
}

/**
 * The steps of standard input, read to its end; nothing is carried out.
 * @throws UsageError that names the first line with a mistake
 */
export async function checkedSteps(session: Session): Promise<Step[]> {
  const steps: Step[] = [];
  for await (const step of stepsOf(session)) {
    if (step.do === 'refuse') throw new UsageError(located(step));
    steps.push(step);
  }
  return steps;
}

type Refused = Extract<Step, { do: 'refuse' }>;

const located = ({ number, mistake: error }: Refused): string => `line ${number}: ${mistake(error)}`;

async function refuse(step: Refused, { context }: Session): Promise<number> {
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
  const report: string[] = [];
  for (const { index, error } of refusals) {
    const change = await changes.change(index, session);
    const about = explained(error.about(describeChange(change)), change);
    report.push(`${refusal(about)} (line ${changes.number(index)})\n`);
  }
  if (report.length > 0) await session.context.err.write(report.join(''));
  return refusals.at(-1)?.index === changes.count - 1 ? REFUSED : 0;
}
