/** What a check is, and what it finds. */

import type { SetupStep } from '../../setup/steps/step.js';
import type { MachineFacts, Role, Scope } from '../facts/facts.js';

/** `error`: requests fail. `warning`: some do, or will. `note`: worth knowing, nothing is wrong. */
export type Severity = 'error' | 'warning' | 'note';

export interface Observation {
  /** Where it was seen: a file, a table, an address. */
  readonly source: string;
  readonly value: string;
}

export interface Fix {
  /** Command for a shell. */
  readonly command: string;
  /** Where to run it, if not here. */
  readonly on?: string | undefined;
  /** The same as a step that --fix may carry out: it is easily undone, and breaks nothing that works. */
  readonly step?: SetupStep | undefined;
}

export interface Finding {
  /** Which check found it; docs/doctor.md has a section for each. */
  readonly id: string;
  readonly severity: Severity;
  /** What it is about: a VIP, a service, a server, a link. */
  readonly subject: string;
  readonly observed: readonly Observation[];
  /** What it breaks, and why. */
  readonly why: string;
  /** To be carried out in this order. */
  readonly fixes: readonly Fix[];
}

export interface Check {
  readonly id: string;
  readonly severity: Severity;
  /** On which machines it makes sense. */
  readonly roles: readonly Role[];
  find(facts: MachineFacts, scope: Scope): Iterable<Found>;
}

/** A finding without what its check says of all of them. */
export type Found = Omit<Finding, 'id' | 'severity'> & { readonly severity?: Severity };
