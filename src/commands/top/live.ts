/** top on a terminal: readings, keys and sizes come in, screens go out. What they mean is in state.ts and keys.ts. */
import type { Context, Terminal, TerminalEvent } from '../../context.js';
import { LvsadmError } from '../../errors.js';
import type { RatedTable } from '../../observe/table/rates.js';
import { outputTo } from '../../output/deferred-output.js';
import { glyphsFor } from '../../output/glyphs.js';
import { keysIn, Screen, screenModes } from '../../output/screen.js';
import { themeFor } from '../../output/theme.js';
import { AgentHealth, type HealthMarks, marksOf } from '../shared/agent/agent-health.js';
import { Interruption } from '../shared/change/interruption.js';
import { failureText } from '../shared/reading-client.js';
import { carryOut } from './actions.js';
import type { Line } from './arrange.js';
import { readClients } from './clients.js';
import { EventQueue } from './event-queue.js';
import { frame } from './frame.js';
import { press } from './keys.js';
import { Readings } from './reading.js';
import type { Look } from './rows.js';
import {
  type Clients,
  initialState,
  type Request,
  type Settings,
  type TopState,
  withClients,
  withFailedWork,
  withHealth,
  withNotice,
  withSize,
  withTable,
} from './state.js';

export interface LiveSettings extends Settings {
  /** Milliseconds between two readings. */
  readonly interval: number;
  readonly runDir: string | undefined;
}

type Event =
  | { readonly terminal: TerminalEvent }
  | { readonly table: RatedTable; readonly date: Date }
  | { readonly health: HealthMarks }
  | { readonly clients: Clients; readonly line: Line }
  | { readonly notice: string }
  | { readonly failure: unknown }
  | { readonly failedWork: unknown }
  | { readonly failedOutput: unknown }
  | 'drawn'
  | 'stop';

/**
 * Shows the table until the user quits, or the process is asked to stop.
 * @returns whether there is a terminal
 */
export async function showLive(context: Context, settings: LiveSettings): Promise<boolean> {
  const events = new EventQueue<Event>();
  const terminal = context.openTerminal?.(screenModes, (event) => events.push({ terminal: event }));
  if (terminal === undefined) return false;
  try {
    const look = { theme: await themeFor(context.out, context.env), glyphs: glyphsFor(context.env) };
    await new LiveView(context, terminal, events, settings, look).run();
  } finally {
    terminal.close();
  }
  return true;
}

type Work = Exclude<Request, { do: 'quit' | 'suspend' | 'redraw' }>;

class LiveView {
  private readonly screen = new Screen();
  private readonly interruption: Interruption;
  private state: TopState;
  /** The request that is being carried out: one at a time. */
  private working: Work['do'] | undefined;
  /** Whether the view ends with the change that is being carried out. */
  private isLeaving = false;
  private isOver = false;
  /** Whether the terminal has hung up. */
  private isGone = false;
  /** Pending while the terminal does not take a frame: Ctrl-S stops it. Keys and signals are heard meanwhile. */
  private drawing: Promise<void> | undefined;
  /** Whether the frame that is being drawn is no longer that of the state. */
  private isStale = false;

  constructor(
    private readonly context: Context,
    private readonly terminal: Terminal,
    private readonly events: EventQueue<Event>,
    private readonly settings: LiveSettings,
    private readonly look: Look,
  ) {
    this.interruption = new Interruption(context);
    this.state = initialState(terminal.size, settings);
  }

  async run(): Promise<void> {
    void this.interruption.asked().then(() => this.events.push('stop'));
    void this.read().catch((failure) => this.events.push({ failure }));
    try {
      while (!this.isOver) {
        this.draw();
        for (const event of await this.events.next()) await this.take(event);
      }
    } finally {
      this.isOver = true;
    }
  }

  private draw(): void {
    this.isStale = this.drawing !== undefined;
    if (this.isGone || this.isStale) return;
    const written = this.terminal.write(this.screen.show(frame(this.state, this.look)));
    this.drawing = written?.then(
      () => {
        this.drawing = undefined;
        if (this.isStale) this.events.push('drawn');
      },
      (failedOutput) => this.events.push({ failedOutput }),
    );
  }

  /** Reads the table again and again, while keys are answered. */
  private async read(): Promise<void> {
    const { context, settings, events } = this;
    const err = outputTo((text) => events.push({ notice: text.trim() }));
    const readings = new Readings({ ...context, err });
    const health = new AgentHealth(context, (notice) => events.push({ notice }), settings.runDir);
    try {
      while (!this.isOver && !this.interruption.requested) {
        await readings.next().then(
          (table) => events.push({ table, date: context.date() }),
          (failure) => events.push({ failure }),
        );
        // No frame waits for the agent; it is asked when the table has been read, which may keep this process busy.
        void health.read().then((report) => events.push({ health: marksOf(report) }));
        await events.taken();
        // Nobody sees what is read while the terminal is stopped.
        await this.drawing;
        await this.interruption.sleep(settings.interval);
      }
    } finally {
      readings.close();
    }
  }

  private async take(event: Event): Promise<void> {
    const { state } = this;
    if (event === 'stop') this.leave();
    else if (event === 'drawn') return;
    else if ('table' in event) this.state = withTable(state, event.table, event.date);
    else if ('health' in event) this.state = withHealth(state, event.health);
    else if ('clients' in event) this.state = withClients(state, event.line, event.clients);
    else if ('notice' in event) this.state = withNotice(state, event.notice);
    else if ('failure' in event) this.fail(event.failure);
    else if ('failedWork' in event) this.failWork(event.failedWork);
    else if ('failedOutput' in event) throw event.failedOutput;
    else await this.hear(event.terminal);
  }

  /** A failure at once is one of the command; later ones may pass. */
  private fail(failure: unknown): void {
    if (!(failure instanceof LvsadmError) || this.state.latest === undefined) throw failure;
    this.state = { ...this.state, failure: failureText(failure) };
  }

  /** There is no screen to show it on when the view ends. */
  private failWork(failure: unknown): void {
    if (this.isLeaving) throw failure;
    this.state = withFailedWork(this.state, failureText(failure));
  }

  private async hear(event: TerminalEvent): Promise<void> {
    if (event === 'closed') this.hangUp();
    else if (event === 'resized' || event === 'continued') {
      this.screen.forget();
      this.state = withSize(this.state, this.terminal.size);
    } else {
      for (const key of keysIn(event.input)) {
        this.state = press(this.state, key);
        const { request } = this.state;
        if (request?.do === 'suspend') await this.terminal.suspend();
        else if (request !== undefined) this.request(request);
      }
    }
  }

  private request(request: Exclude<Request, { do: 'suspend' }>): void {
    const { context, settings } = this;
    if (request.do === 'quit') this.leave();
    else if (request.do === 'redraw') this.screen.forget();
    else if (request.do === 'clients') {
      const { line } = request;
      this.work(request, async () => ({ line, clients: await readClients(context, line) }));
    } else this.work(request, async () => ({ notice: await carryOut(request, context, settings.runDir) }));
  }

  /** Work that takes time, while keys are answered. */
  private work(request: Work, work: () => Promise<Event>): void {
    if (this.working !== undefined) {
      this.state = withFailedWork(this.state, 'wait: the key before is still worked on');
      return;
    }
    this.working = request.do;
    this.state = withNotice(this.state, 'working');
    void work()
      .catch((failedWork): Event => ({ failedWork }))
      .then((event) => {
        this.working = undefined;
        this.events.push({ notice: '' });
        this.events.push(event);
        if (this.isLeaving) this.events.push('stop');
      });
  }

  /** A closed session must not cut a change short. */
  private hangUp(): void {
    this.isGone = true;
    if (!this.isLeaving) this.leave();
  }

  /** Ends the view, though not in the middle of a change; at once when it is asked again. */
  private leave(): void {
    const { working } = this;
    this.isOver = this.isLeaving || working === undefined || working === 'clients';
    this.isLeaving = true;
    if (!this.isOver) {
      const change = working === 'weight' ? 'change of weight' : working;
      this.state = withNotice(this.state, `finishing the ${change}; q again quits at once`);
    }
  }
}
