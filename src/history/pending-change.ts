/** The change that is taken back unless it is confirmed in time: at most one in a network namespace. */
import type { StateKind } from '../system/files/state-kind.js';
import { type Change, checkedChange, isOptionalText, isText } from './change-record.js';

export interface PendingChange extends Change {
  /** Number of its record. */
  readonly number: number;
  /** No other change has it. */
  readonly token: string;
  /** The table before the change: a document. The record may go before the change is confirmed. */
  readonly table: string;
  /** Milliseconds since 1970 at which it is taken back. */
  readonly deadline: number;
  /** Process that makes the change. */
  readonly process: number;
  /** The systemd unit that takes it back; undefined for a process. */
  readonly unit?: string | undefined;
  /** Whether it was made completely: neither refused in part nor interrupted. */
  readonly isMade?: boolean | undefined;
  /** Why it could not be taken back. */
  readonly problem?: string | undefined;
}

export const pendingKind: StateKind<PendingChange | undefined> = {
  name: 'confirm',
  empty: undefined,
  parse: checkedPending,
  format: (pending) => pending,
  loss: 'the change that waits for its confirmation stays',
  expendable: true,
  isLarge: true,
  isPrivate: true,
};

/** @throws Error */
function checkedPending(value: unknown): PendingChange {
  const { number, token, table, deadline, process, unit, isMade, problem } = value as Partial<
    Record<keyof PendingChange, unknown>
  >;
  const numbers = [number, deadline, process];
  if (
    !(numbers.every(Number.isSafeInteger) && isText(token) && isText(table)) ||
    !(isOptionalText(unit) && isOptionalText(problem))
  ) {
    throw new Error('it holds no change');
  }
  return {
    ...checkedChange(value),
    number: Number(number),
    token,
    table,
    deadline: Number(deadline),
    process: Number(process),
    unit,
    isMade: isMade === true,
    problem,
  };
}
