/** What a service tells systemd (sd_notify(3)), by systemd-notify(1): neither runtime has Unix sockets for datagrams. */
import { HostError } from '../errors.js';
import { runShown } from './program.js';

export interface SupervisorContext {
  /** `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` of systemd. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls again and again, at this interval in milliseconds, until the process ends. */
  every(interval: number, call: () => void): void;
  /** Called once with a line if systemd cannot be told. */
  warn(line: string): void;
  /** Runs a program. @throws HostError if it cannot be started */
  run?(command: readonly [string, ...string[]]): Promise<{ readonly status: number }>;
}

export class Supervisor {
  private hasWarned = false;

  constructor(private readonly context: SupervisorContext) {}

  /** Says that the service is ready, and from then on that it is alive, if systemd asks for it. */
  async ready(): Promise<void> {
    const { env, every } = this.context;
    await this.tell('READY=1');
    // For a process that another one has started, such as nsenter, the number is not its own.
    const microseconds = Number(env['WATCHDOG_USEC']);
    if (microseconds > 0) every(microseconds / 2000, () => void this.tell('WATCHDOG=1'));
  }

  /** @param state `STOPPING=1` */
  async tell(state: string): Promise<void> {
    const { env, warn, run = (command) => runShown(command, 'inherit') } = this.context;
    if (!env['NOTIFY_SOCKET']) return;
    try {
      const { status } = await run(['systemd-notify', `--pid=${process.pid}`, state]);
      if (status === 0) return;
      throw new HostError('tell systemd', `systemd-notify ended with status ${status}`);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      if (!this.hasWarned) warn(error.message);
      this.hasWarned = true;
    }
  }
}
