/** How the lines of an input are carried out, and how those are reported that the kernel refuses. */
import type { KernelError } from '../../errors.js';
import { explained, refusal } from '../../messages.js';
import type { Change } from '../../model/change.js';
import type { Command } from '../grammar/command.js';
import type { Session } from '../name-lookup.js';

/** ipvsadm's exit status if the kernel refuses a change, and for a line with an option that cannot be read. */
export const REFUSED = 255;

/** Carries out a command that is not a change. @returns its exit status */
export type Execute = (command: Command, session: Session) => Promise<number>;

/** ipvsadm ends after -h, -v and a failed command. */
export const endsInput = (command: Command, status: number): boolean =>
  command.do === 'help' || command.do === 'version' || status !== 0;

/** A line whose change was refused. */
export interface Refused {
  readonly change: Change;
  readonly number: number;
  readonly error: KernelError;
}

export async function report(refused: readonly Refused[], { context }: Session): Promise<void> {
  const lines = refused.map(
    ({ change, number, error }) => `${refusal(explained(error, change))} (line ${number})\n`,
  );
  if (lines.length > 0) await context.err.write(lines.join(''));
}
