/** Between lvsadm and its prober, a line of JSON each: questions with a number, and answers with the same. */
import type { Check, Leg } from '../../model/check.js';
import type { ServerPath } from '../../model/server-path.js';
import type { CheckResult } from '../run-check.js';
import type { Received } from './received.js';

/** What the prober can be asked. */
export interface Questions {
  /** Opens the leg, which is there already. */
  open: { readonly question: Leg; readonly answer: null };
  /** Makes the way to a server, which may take longer than a check. */
  prepare: { readonly question: ServerPath; readonly answer: null };
  /** Removes the ways to all other servers. */
  keep: { readonly question: readonly ServerPath[]; readonly answer: null };
  /** Runs a check as packets of the director go. */
  check: { readonly question: PathQuestion; readonly answer: CheckResult };
  /** The same, and what tells the causes of a failure apart. */
  explain: { readonly question: PathQuestion; readonly answer: PathFacts };
}

export interface PathQuestion {
  readonly path: ServerPath;
  readonly check: Check;
  /** Port of the service, and of the server; 0 for an echo request. */
  readonly port: number;
  /** Bytes of an echo request to send as well, for `explain`. */
  readonly size?: number | undefined;
}

export interface PathFacts {
  /** Of the check as the virtual address. */
  readonly result: CheckResult;
  /** What came back meanwhile. */
  readonly received: Received;
  /** Whether the server answers ARP or neighbour discovery; undefined if it is not in a network of the leg. */
  readonly isNeighbour?: boolean | undefined;
  /** Whether it answers ARP for the virtual address, too. */
  readonly answersArp: boolean;
  /** Of the echo request; `largest` is the size below it that passed, if it did not. */
  readonly size?:
    | { readonly bytes: number; readonly passed: boolean; readonly largest?: number | undefined }
    | undefined;
  /** After a failure. */
  readonly further?: FurtherFacts | undefined;
}

export interface FurtherFacts {
  /** Whether an echo request to the virtual address was answered. */
  readonly echo: boolean;
  /** Of the same check, to the server's own address. */
  readonly own: CheckResult;
  /** Whether anything came back from the server's own address. */
  readonly isReachable: boolean;
}

export type Asked = {
  [K in keyof Questions]: {
    readonly id: number;
    readonly ask: K;
    readonly question: Questions[K]['question'];
  };
}[keyof Questions];

export type Answered =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: { readonly attempted: string; readonly reason: string } }
  /** An error in the code of the check. */
  | { readonly id: number; readonly bug: { readonly message: string; readonly stack: string | undefined } };

/** The first line of a prober. */
export const READY = 'ready';
