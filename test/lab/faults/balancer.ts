/** What both programs are asked to do: the same services, servers and times. */
import type { ServerName } from './testbed.js';

/** Of every server: enough for a slow start to be seen. */
export const WEIGHT = 10;

export interface Setup {
  /** Ports of the VIP, each with the same servers. */
  readonly ports: readonly number[];
  readonly servers: readonly ServerName[];
  /** Milliseconds; both programs take these as their own options. */
  readonly every: number;
  readonly timeout: number;
  /** From a failure to the next try. */
  readonly fastEvery: number;
  /** Failures in a row after which a server is down. */
  readonly fall: number;
  /** Successes in a row after which a server is up again; keepalived has no such option: there it is 1. */
  readonly rise: number;
}

/** A program that keeps the director's table. */
export interface Balancer extends AsyncDisposable {
  readonly name: string;
  /** What it has written since its start. */
  readonly output: string;
  /** Resolves when the program has set the table. */
  start(setup: Setup): Promise<void>;
  /** Writes other settings, and tells the program to read them. */
  reload(setup: Setup): Promise<void>;
  /** As the init system does. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}
