/** The agent's lines on standard output. Neither a reader that stands still nor one that is gone keeps it from its work. */
import { type AgentEvent, eventText } from '../../agent/reports/event.js';
import { ClosedPipe, type Context } from '../../context.js';
import { OutputError } from '../../errors.js';
import { toJsonLine } from '../../output/json.js';

/** Characters that wait for the reader; lines beyond them are lost, and counted. */
const MOST = 1024 * 1024;

export class AgentLog {
  /** The last refusal or problem: why the table may not be as the documents say. */
  lastProblem: string | undefined;
  private waiting = 0;
  private lost = 0;
  private isClosed = false;
  private written: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: Pick<Context, 'out' | 'date'>,
    private readonly form: 'text' | 'json',
    /** Called with an error that is a bug. */
    private readonly fail: (error: unknown) => void,
  ) {}

  readonly tell = (event: AgentEvent): void => {
    const { service, server, reason } = event;
    if (event.event === 'refused' || event.event === 'problem')
      this.lastProblem = [service, server, reason].filter((part) => part !== undefined).join(' ');
    const line = this.lineOf(event);
    if (this.isClosed) return;
    if (this.waiting + line.length > MOST) {
      this.lost++;
      return;
    }
    this.waiting += line.length;
    this.written = this.written.then(() => this.write(line)).catch(this.fail);
  };

  /** Resolves when the reader has taken the lines. */
  idle(): Promise<void> {
    return this.written;
  }

  private lineOf(event: AgentEvent): string {
    const time = this.context.date().toISOString();
    return this.form === 'json' ? toJsonLine({ time, ...event }) : `${time} ${eventText(event)}\n`;
  }

  private async write(line: string): Promise<void> {
    if (this.isClosed) return;
    const { lost } = this;
    this.lost = 0;
    const reason = `${lost} lines were lost: the reader of this log, or its disk, took no more`;
    try {
      await this.context.out.write(lost === 0 ? line : this.lineOf({ event: 'problem', reason }) + line);
    } catch (error) {
      if (error instanceof ClosedPipe) this.isClosed = true;
      else if (error instanceof OutputError) this.lost += lost + 1;
      else throw error;
    } finally {
      this.waiting -= line.length;
    }
  }
}
