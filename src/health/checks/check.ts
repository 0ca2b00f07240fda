/** What every kind of check has: a target, a result, and waits that the time limit ends. */
import type { Endpoint } from '../../model/address.js';
import type { CheckKind, CheckOf } from '../../model/check.js';

/** Where a check goes: `connectTo` and `port`, or the server's own address and port. */
export interface CheckTarget extends Endpoint {
  /** Local address that the check comes from. */
  readonly bind?: string | undefined;
  /** Local port that the check comes from; needs `bind`. */
  readonly bindPort?: number | undefined;
}

/** Facts of a result for JSON: `{ status: 503 }`. Text may be the server's. */
export type CheckDetail = Readonly<Record<string, string | number>>;

/** A success. */
export interface Success {
  /** One line: `status 200`. It may quote the server. */
  readonly reason: string;
  readonly detail?: CheckDetail;
  /** Percent of the server's own weight, if the check tells one. */
  readonly weight?: number;
  /** An agent's word for the state that its administrator set. */
  readonly admin?: AdminState;
}

export type AdminState = 'ready' | 'drain' | 'maint';

/**
 * Runs a check of one kind, and leaves neither sockets nor processes behind.
 * @param signal ends it: at the time limit, or because nobody waits for the result
 * @throws CheckFailure, Unanswered, or an error of Node's with a code, if the server is down; NotRun, or an error with a code of
 *   {@link localCodes}, if this machine cannot ask it
 */
export type RunKind<K extends CheckKind> = (
  target: CheckTarget,
  check: CheckOf<K>,
  signal: AbortSignal,
) => Promise<Success>;

/** The server answered, and not as expected. */
export class CheckFailure extends Error {
  override name = 'CheckFailure';
  constructor(
    /** One line: `status 503`. It may quote the server. */
    readonly reason: string,
    readonly detail?: CheckDetail,
  ) {
    super(reason);
  }
}

/** This machine could not run the check: that tells nothing of the server. */
export class NotRun extends Error {
  override name = 'NotRun';
}

/** A wait was ended by the signal. */
export class Unanswered extends Error {
  override name = 'Unanswered';
  constructor(
    /** What did not come, as a noun: `connection`, `answer`. */
    readonly missing: string,
  ) {
    super(`no ${missing}`);
  }
}

/** Errors of a machine that has no descriptors, processes, memory, ports or local address for a check. */
export const localCodes: readonly string[] = [
  'EMFILE',
  'ENFILE',
  'EAGAIN',
  'ENOMEM',
  'ENOBUFS',
  'EADDRNOTAVAIL',
];

/**
 * Waits for an event that `begin` subscribes to.
 * @param missing what has not come if the signal is first
 * @throws Unanswered
 */
export function awaited<T>(
  signal: AbortSignal,
  missing: string,
  begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Unanswered(missing));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const done =
      <V>(settle: (value: V) => void) =>
      (value: V): void => {
        signal.removeEventListener('abort', abort);
        settle(value);
      };
    begin(done<T>(resolve), done<unknown>(reject));
  });
}
