/** State of the agent for systemd (sd_notify(3)): readiness, and the line of `systemctl status`. */
import { printable } from '../../foreign-text.js';
import type { Supervisor } from '../../system/programs/supervisor.js';

export class AgentStatus {
  private isReady = false;
  /** The line that systemd was told last. */
  private told: string | undefined;

  /** @param line of this moment, once the agent is ready: the first problem, or none */
  constructor(
    private readonly supervisor: Pick<Supervisor, 'ready' | 'tell'>,
    private readonly line: () => string,
  ) {}

  /** The documents have been applied completely, or there are none yet. Later calls change nothing. */
  async ready(): Promise<void> {
    if (this.isReady) return;
    this.isReady = true;
    await this.supervisor.ready();
    await this.show();
  }

  /** Why the agent is not ready yet. */
  async notYet(reason: string): Promise<void> {
    if (!this.isReady) await this.tell(`${reason}; trying again`);
  }

  /** Tells a line that has changed. */
  async show(): Promise<void> {
    if (this.isReady) await this.tell(this.line());
  }

  async stopping(): Promise<void> {
    await this.supervisor.tell('STOPPING=1');
  }

  private async tell(line: string): Promise<void> {
    const status = printable(line);
    if (status === this.told) return;
    this.told = status;
    await this.supervisor.tell(`STATUS=${status}`);
  }
}
