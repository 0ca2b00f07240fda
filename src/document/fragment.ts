/** What one source says, in the model's terms, with the way back to the text for when two sources disagree. */
import type { Problem } from '../errors.js';
import type { Daemon } from '../model/daemon.js';
import type { Destination } from '../model/destination.js';
import type { Service } from '../model/service.js';
import type { Timeouts } from '../model/table.js';
import type { Place } from './location.js';
import type { PlainServers } from './plain.js';

/** Something, and where it is said. Places are worked out only when somebody asks. */
export interface Said<T> {
  readonly value: T;
  place(): Place;
}

export interface SaidService extends Said<Service> {
  readonly destinations?: readonly Said<Destination>[] | PlainServers | undefined;
}

/** A part that is undefined was not mentioned, which is not the same as empty. */
export interface Part {
  readonly services?: readonly SaidService[] | undefined;
  readonly daemons?: readonly Said<Daemon>[] | undefined;
  readonly timeouts?: readonly Said<readonly [keyof Timeouts, number]>[] | undefined;
}

/** Takes what is wrong, so that one reading tells everything. */
export type Report = (problem: Problem) => void;
