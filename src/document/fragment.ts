/** The desired state in one source, in the model's types. Each item has its location, for messages about duplicates. */
import type { Problem } from '../errors.js';
import type { Daemon } from '../model/daemon.js';
import type { Destination } from '../model/destination.js';
import type { Health, ServerChecks } from '../model/health.js';
import type { Owned } from '../model/ownership.js';
import type { Service } from '../model/service.js';
import type { Timeouts } from '../model/table.js';
import type { Location, Path, Source } from './location.js';
import type { PlainServers } from './plain-servers.js';

/** A value and its location, which is computed only for a problem. */
export interface Located<T> {
  readonly value: T;
  location(): Location;
}

export const located = <T>(source: Source, value: T, path: () => Path): Located<T> => ({
  value,
  location: () => source.locate(path()),
});

export interface LocatedServer extends Located<Destination> {
  /** Undefined for the usual checks of its service. */
  readonly checks?: ServerChecks | undefined;
}

export interface LocatedService extends Located<Service> {
  readonly destinations?: readonly LocatedServer[] | PlainServers | undefined;
  /** The usual checks of its servers; undefined if neither the service nor one of its servers is checked. */
  readonly checks?: ServerChecks | undefined;
  readonly health?: Health | undefined;
}

/** A section that is undefined is absent from the source, which is not the same as empty. */
export interface Fragment {
  readonly owns?: readonly Owned[] | undefined;
  readonly services?: readonly LocatedService[] | undefined;
  readonly daemons?: readonly Located<Daemon>[] | undefined;
  readonly timeouts?: readonly Located<readonly [keyof Timeouts, number]>[] | undefined;
  /** Names with values in the form of `Settings`. */
  readonly settings?: readonly Located<readonly [string, string]>[] | undefined;
}

/** Takes a problem and goes on, so that one reading reports all of them. It is made only if it is going to be told. */
export type Report = (problem: () => Problem) => void;
