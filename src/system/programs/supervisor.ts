/** What a service tells systemd (sd_notify(3)), by systemd-notify(1): neither runtime has Unix sockets for datagrams. */
import { HostError } from '../../errors.js';
import { runGroup } from './process-group.js';

export interface SupervisorContext {
  /** `NOTIFY_SOCKET` and `WATCHDOG_USEC` of systemd. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls again and again, at this interval in milliseconds, until the process ends. */
  every(interval: number, call: () => void): void;
  /** Whether the service does its work: systemd restarts it otherwise (default: it does). */
  isAlive?(): boolean;
  /** Called once with a line if systemd cannot be told. */
  warn(line: string): void;
  /** Runs a program. @returns its exit status; null if it was killed. @throws HostError if it cannot be started */
  run?(command: readonly [string, ...string[]]): Promise<{ readonly status: number | null }>;
}

/** Milliseconds after which systemd-notify is killed: it waits for systemd, which may be busy. */
const PATIENCE = 10_000;

export class Supervisor {
  private hasWarned = false;
  /** Pending while systemd is told that the service is alive: a busy systemd is not told twice at once. */
  private alive: Promise<void> | undefined;

  constructor(private readonly context: SupervisorContext) {}

  /** Says that the service is ready, and from then on that it is alive, if systemd asks for it. */
  async ready(): Promise<void> {
    const { env, every } = this.context;
    await this.tell('READY=1');
    // WATCHDOG_PID is not looked at: another process, such as nsenter, may have become or started this one.
    const microseconds = Number(env['WATCHDOG_USEC']);
    if (microseconds > 0) every(microseconds / 2000, () => this.tellAlive());
  }

  private tellAlive(): void {
    if (this.context.isAlive?.() === false) return;
    this.alive ??= this.tell('WATCHDOG=1').finally(() => {
      this.alive = undefined;
    });
  }

  /** @param state `STOPPING=1` */
  async tell(state: string): Promise<void> {
    const { env, warn } = this.context;
    const { run = (command) => runGroup(command, { env, signal: AbortSignal.timeout(PATIENCE) }) } =
      this.context;
    if (!env['NOTIFY_SOCKET']) return;
    try {
      const { status } = await run(['systemd-notify', `--pid=${process.pid}`, state]);
      if (status === 0) return;
      const end = status === null ? `did not end within ${PATIENCE / 1000} s` : `ended with status ${status}`;
      throw new HostError('tell systemd', `systemd-notify ${end}`);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      if (!this.hasWarned) warn(error.message);
      this.hasWarned = true;
    }
  }
}
