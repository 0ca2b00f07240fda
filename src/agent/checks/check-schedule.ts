/** Runs checks again and again: each when it is due, few at a time, and spread so that not all start in the same moment. */
import type { CheckResult } from '../../health/run-check.js';
import type { PlacedCheck } from '../../health/run-checks.js';
import type { Clock } from '../../system/clock.js';
import { DueQueue } from './due-queue.js';

/** A check that is to run again and again. */
export interface RepeatedCheck {
  /** Equal for checks that ask the same question of the same server. */
  readonly key: string;
  readonly placed: PlacedCheck;
  /** Milliseconds from the start of one run to the start of the next; asked after each result. */
  interval(): number;
  report(result: CheckResult): void;
}

export interface SchedulePorts {
  readonly clock: Clock;
  /** From 0 to 1. */
  random(): number;
  /** @throws the reason of `stop` */
  run(placed: PlacedCheck, stop: AbortSignal): Promise<CheckResult>;
  /** Called with an error that is a bug. */
  fail(error: unknown): void;
}

/** How punctual checks were, since the start. */
export interface Punctuality {
  started: number;
  /** Checks that started more than {@link LATE} ms after they were due. */
  late: number;
  /** Milliseconds: the worst delay. */
  longestDelay: number;
  /** Checks that this machine could not run. */
  notRun: number;
}

/** Milliseconds after which the start of a check counts as late. */
export const LATE = 100;

/** Milliseconds after which a check that is due, and could be started, never will be. */
const STUCK = 10_000;

/** Most checks at once, each with a socket or a program. */
const CONCURRENCY = 512;

/** Most programs of checks at once. */
const PROGRAMS = 32;

const isProgram = ({ placed: { check } }: RepeatedCheck): boolean =>
  check.kind === 'command' || check.kind === 'icmp';

/** Most milliseconds over which the first runs are spread. */
const SPREAD = 10_000;

interface Entry {
  readonly key: string;
  /** Undefined once it is not to run any more. */
  check: RepeatedCheck | undefined;
  due: number;
  /** Milliseconds: the pause that `due` follows from. */
  interval: number;
  /** Whether it runs, or waits for the end of a program. */
  isBusy: boolean;
}

export class CheckSchedule {
  readonly punctuality: Punctuality = { started: 0, late: 0, longestDelay: 0, notRun: 0 };
  private readonly entries = new Map<string, Entry>();
  private readonly queue = new DueQueue<Entry>();
  private readonly running = new Set<Promise<void>>();
  /** Programs that run, and the checks that are due and wait for the end of one. */
  private programs = 0;
  private readonly waiting: Entry[] = [];
  /** When a check was started or ended last, on the clock: since then all that may run do so. */
  private lastMove = 0;
  private readonly end = new AbortController();
  private timer: { readonly at: number; cancel(): void } | undefined;

  constructor(
    private readonly ports: SchedulePorts,
    private readonly concurrency = CONCURRENCY,
  ) {
    // Each check listens to it; of more than ten listeners the runtime warns.
    process.getBuiltinModule('node:events').setMaxListeners(0, this.end.signal);
  }

  /** Replaces the checks. Those that there were before, by their keys, go on with their pauses; results of others are dropped. */
  set(checks: readonly RepeatedCheck[]): void {
    const keys = new Set<string>();
    for (const check of checks) {
      keys.add(check.key);
      const entry = this.entries.get(check.key);
      if (entry === undefined) this.add(check);
      else {
        entry.check = check;
        if (!entry.isBusy && check.interval() < entry.interval) this.plan(entry, check.interval());
      }
    }
    for (const [key, entry] of this.entries) {
      if (keys.has(key)) continue;
      entry.check = undefined;
      // One that runs, and is set again before its end, is not started a second time.
      if (!entry.isBusy) this.entries.delete(key);
    }
    this.arm();
  }

  /** Runs these at once, by their keys, if they do not run already. */
  runNow(keys: Iterable<string>): void {
    const now = this.ports.clock.now();
    for (const key of keys) {
      const entry = this.entries.get(key);
      if (entry?.check !== undefined && !entry.isBusy) {
        this.queueAt(entry, Math.min(entry.due, now), entry.check.interval());
      }
    }
    this.arm();
  }

  private add(check: RepeatedCheck): void {
    const entry = { key: check.key, check, due: Number.POSITIVE_INFINITY, interval: 0, isBusy: false };
    this.entries.set(check.key, entry);
    this.plan(entry, check.interval());
  }

  /** There may be a new entry with its key. */
  private forget(entry: Entry): void {
    if (this.entries.get(entry.key) === entry) this.entries.delete(entry.key);
  }

  /** At a random moment of the interval, and not later than it was due. */
  private plan(entry: Entry, interval: number): void {
    const { clock, random } = this.ports;
    const spread = clock.now() + random() * Math.min(interval, SPREAD);
    this.queueAt(entry, Math.min(entry.due, spread), interval);
  }

  private queueAt(entry: Entry, due: number, interval: number): void {
    entry.due = due;
    entry.interval = interval;
    this.queue.add(entry, due);
  }

  /** Whether checks are started that are due; those that run may take their time limits, all at once. */
  get isGoing(): boolean {
    const now = this.ports.clock.now();
    if (now - (this.queue.next ?? now) < STUCK) return true;
    const limits = Array.from(this.entries.values(), ({ check }) => check?.placed.check.timeout ?? 0);
    const patience = Math.max(0, ...limits) + STUCK;
    return this.running.size >= this.concurrency && now - this.lastMove < patience;
  }

  /** Ends all checks, those that run included. */
  async stop(): Promise<void> {
    this.set([]);
    this.timer?.cancel();
    this.end.abort(new Error('the agent ends'));
    await Promise.all(this.running);
  }

  private readonly startDue = (): void => {
    this.timer = undefined;
    const now = this.ports.clock.now();
    while (this.running.size < this.concurrency && (this.queue.next ?? Number.POSITIVE_INFINITY) <= now) {
      const due = this.queue.next;
      const entry = this.queue.take();
      // An entry that was planned anew is in the queue twice.
      if (entry !== undefined && !entry.isBusy && entry.due === due) this.start(entry);
    }
    this.arm();
  };

  private start(entry: Entry): void {
    const { check } = entry;
    entry.isBusy = check !== undefined;
    if (check === undefined) return void this.forget(entry);
    if (isProgram(check)) {
      if (this.programs === PROGRAMS) return void this.waiting.push(entry);
      this.programs++;
    }
    const run: Promise<void> = this.run(entry, check).finally(() => {
      this.running.delete(run);
      this.lastMove = this.ports.clock.now();
      if (isProgram(check)) this.startWaiting();
      this.arm();
    });
    this.running.add(run);
  }

  /** Programs that have waited for the end of one. */
  private startWaiting(): void {
    this.programs--;
    while (this.programs < PROGRAMS && this.waiting.length > 0) this.start(this.waiting.shift() as Entry);
  }

  private count(delay: number): void {
    const { punctuality } = this;
    punctuality.started++;
    if (delay > LATE) punctuality.late++;
    punctuality.longestDelay = Math.max(punctuality.longestDelay, delay);
  }

  private async run(entry: Entry, { placed }: RepeatedCheck): Promise<void> {
    const { clock, random, run, fail } = this.ports;
    const start = clock.now();
    this.lastMove = start;
    this.count(start - entry.due);
    try {
      const result = await run(placed, this.end.signal);
      if (result.notRun) this.punctuality.notRun++;
      entry.check?.report(result);
    } catch (error) {
      if (!this.end.signal.aborted) fail(error);
      return;
    }
    entry.isBusy = false;
    if (entry.check === undefined) return this.forget(entry);
    const { jitter } = entry.check.placed.check;
    const interval = entry.check.interval();
    const pause = interval * (1 + ((2 * random() - 1) * jitter) / 100);
    this.queueAt(entry, Math.max(start + pause, clock.now()), interval);
  }

  /** One timer for all of them. None while no more may run: the end of one looks again. */
  private arm(): void {
    const { next } = this.queue;
    if (next === undefined || this.running.size >= this.concurrency || this.end.signal.aborted) return;
    if (this.timer !== undefined && this.timer.at <= next) return;
    this.timer?.cancel();
    const { clock } = this.ports;
    this.timer = { at: next, cancel: clock.after(Math.max(0, next - clock.now()), this.startDue) };
  }
}
