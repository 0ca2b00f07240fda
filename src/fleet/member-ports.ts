/** What a director of a fleet needs of the agent that it is, and what it keeps. */
import type { LvsadmError } from '../errors.js';
import type { Holds } from '../model/hold.js';
import type { Clock } from '../system/clock.js';
import type { HashOrder, HealthCount, Member, Target } from './records.js';
import type { FleetDocument } from './releases.js';
import type { Applied } from './rollout.js';
import type { FleetStore } from './store.js';

/** The release that has been applied last, and where it is from. */
export interface LastGood extends Applied {
  readonly documents: readonly FleetDocument[];
  /** Servers that were down before it was applied. */
  readonly downBefore: number;
}

/** How the table is now. */
export interface Condition {
  /** Whether it is as the documents say. */
  readonly converged: boolean;
  /** Why it is not. */
  readonly problem?: string | undefined;
  readonly health: HealthCount;
  /** The holds in force: the director's own, and those of the fleet. */
  readonly holds: Holds;
  /** Services whose hash tables have another order than by address and port. */
  readonly hashing: readonly HashOrder[];
  /** Differences that another program made, found since the agent started. */
  readonly drift: number;
}

/** `rollback` may remove what the releases since have brought, however much that is. */
export type ApplyCause = 'start' | Target['cause'];

export interface MemberPorts {
  /** Opens the store: certificates and passwords are read anew. @throws LvsadmError */
  connect(): FleetStore;
  readonly node: string;
  readonly member: Pick<Member, 'labels' | 'variables'>;
  /** Of lvsadm. */
  readonly version: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  random(): number;
  /** The time of day, as ISO 8601. */
  date(): string;
  /**
   * Takes documents as those that are desired, all of them or none.
   * @param stop ends the attempt: another release is to be applied, or the agent ends
   * @throws LvsadmError that says why none were taken
   */
  apply(documents: readonly FleetDocument[], cause: ApplyCause, stop: AbortSignal): Promise<void>;
  condition(): Condition;
  /** Keeps it over a restart. @returns why it is not kept yet */
  remember(last: LastGood): Promise<string | undefined>;
  /** Takes all holds of the fleet, and keeps them over a restart. Expired ones may be among them. */
  takeHolds(holds: Holds): void;
  /** Takes a line for the log. */
  tell(line: string): void;
}

/** Milliseconds from one look at the own condition to the next. */
export const LOOK = 1000;

/** Milliseconds after which a key is read although its watch tells of no change: a watch can be cut off unnoticed. */
export const REREAD = 240_000;

/** Characters of an error in a report. */
export const LONGEST_ERROR = 900;

/** Tells each problem once, until there is another one or none. */
export class ProblemLog {
  private last: string | undefined;

  constructor(private readonly tellLine: (line: string) => void) {}

  tell(line: string): void {
    if (line !== this.last) this.tellLine(line);
    this.last = line;
  }

  solved(): void {
    this.last = undefined;
  }
}

export const firstLine = ({ message }: LvsadmError): string => message.split('\n')[0] ?? '';
