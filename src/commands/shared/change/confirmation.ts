/** Changes that are taken back unless `lvsadm confirm` comes in time. */
import type { Context } from '../../../context.js';
import { DocumentError, describeProblem, HostError, LockedError } from '../../../errors.js';
import { printable } from '../../../foreign-text.js';
import type { ChangeRecord } from '../../../history/change-record.js';
import { type PendingChange, pendingKind } from '../../../history/pending-change.js';
import { timeFrom } from '../../../model/local-time.js';
import type { Json } from '../../../output/json.js';
import type { Store } from '../../../system/files/store.js';
import { cancelLater } from '../../../system/programs/later.js';
import { desiredFrom, type TableBefore } from './change-history.js';

export const pendingChange = (store: Store): PendingChange | undefined => store.read(pendingKind);

/** @throws LockedError if a change waits for its confirmation: it would be taken back together with another one */
export function requireNonePending(store: Store): void {
  const pending = pendingChange(store);
  if (pending === undefined) return;
  throw new LockedError(
    `change ${pending.number}`,
    `waiting for lvsadm confirm until ${deadlineText(pending)}, and lvsadm rollback takes it back`,
    store.pathOf(pendingKind),
  );
}

/**
 * Has the change taken back after a time, whatever becomes of this process. Called before the first step of the change, under the lock of
 * apply.
 * @throws HostError, LockedError: then it is not taken back by itself, and must not be made
 */
export async function awaitConfirmation(
  seconds: number,
  { table }: TableBefore,
  record: ChangeRecord,
  store: Store,
  stateDir: string | undefined,
  context: Context,
): Promise<PendingChange> {
  await requireReadable({ ...record, table }, stateDir, context);
  const token = `${process.pid}-${context.date().getTime().toString(36)}`;
  const runDir = store.pathOf(pendingKind).replace(/\/[^/]*$/, '');
  const words = ['take-back', token, '--run-dir', absolute(runDir)];
  const directory = stateDir ?? context.env['LVSADM_STATE_DIR'];
  if (directory) words.push('--state-dir', absolute(directory));
  const begun = context.now();
  const deadline = context.date().getTime() + seconds * 1000;
  const { unit } = await context.runLater(words, seconds, `lvsadm-confirm-${token}`);
  const { size: _, ...change } = record;
  const pending = { ...change, token, table, deadline, process: process.pid, unit };
  // What waits finds nothing to do if this fails, or if this process is killed before.
  await store.update(pendingKind, () => pending);
  if (context.now() - begun > seconds * 1000 - LEAST) {
    await endPending(pending, store);
    throw new HostError(TAKING_BACK, `to arrange it took nearly as long as --confirm ${seconds}`);
  }
  await context.err.write(
    `lvsadm: the table before this comes back at ${deadlineText(pending)} unless lvsadm confirm comes before\n`,
  );
  return pending;
}

/** Other programs can give the table what documents do not allow: found out before the change. @throws HostError */
async function requireReadable(
  kept: Parameters<typeof desiredFrom>[0],
  stateDir: string | undefined,
  context: Context,
): Promise<void> {
  try {
    await desiredFrom(kept, context, stateDir);
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    throw new HostError(TAKING_BACK, describeProblem(error.problems[0]), { cause: error });
  }
}

const TAKING_BACK = 'have the change taken back';

/** Milliseconds that are left for the change: what waits may be over before, and would find it later only. */
const LEAST = 2000;

const absolute = (path: string): string => (path.startsWith('/') ? path : `${process.cwd()}/${path}`);

/** The change is as it was meant, and may be confirmed. */
export async function markMade({ token }: PendingChange, store: Store): Promise<void> {
  await store.update(pendingKind, (pending) =>
    pending?.token === token ? { ...pending, isMade: true } : pending,
  );
}

/** The change stays, or has been taken back. */
export async function endPending({ unit }: PendingChange, store: Store): Promise<void> {
  await store.update(pendingKind, () => undefined);
  await cancelLater({ unit });
}

export const waitingText = (pending: PendingChange): string =>
  `change ${pending.number}: 'lvsadm confirm' keeps it; without that it is taken back at ${deadlineText(pending)}\n`;

export const waitingJson = ({ number, deadline }: PendingChange): Json => ({
  number,
  until: new Date(deadline).toISOString(),
});

/** Milliseconds after its time in which a change is taken back: a process that makes it, or another one, may have to end first. */
const LATE = 120_000;

/** Why a change that waits is not taken back any more by itself; undefined for one that may be. @param now milliseconds since 1970 */
export function whyStill({ time, deadline, problem }: PendingChange, now: number): string | undefined {
  if (problem !== undefined) return `could not be taken back: ${printable(problem)}`;
  if (now - deadline < LATE) return undefined;
  return `was not taken back at ${deadlineText({ time, deadline })}: lvsadm rollback does it, lvsadm confirm keeps it`;
}

/** With the day if that is another one than that of the change. */
export const deadlineText = ({ time, deadline }: Pick<PendingChange, 'time' | 'deadline'>): string =>
  timeFrom(time, deadline);
