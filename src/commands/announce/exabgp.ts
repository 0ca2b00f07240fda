/** A process of ExaBGP: asks the agent again and again, and writes the routes that follow to standard output. */
import type { AnnounceReport } from '../../agent/announce/announce-report.js';
import type { Context } from '../../context.js';
import { HostError } from '../../errors.js';
import { printable } from '../../foreign-text.js';
import { askAgent } from '../shared/agent/running-agent.js';
import { Interruption } from '../shared/change/interruption.js';
import { ExabgpRoutes, type RouteAttributes } from './exabgp-routes.js';

/** Milliseconds between two questions, and for an answer. */
const POLL = 500;
const PATIENCE = 2000;

export interface ExabgpOptions extends RouteAttributes {
  /** Milliseconds without an agent after which all routes are withdrawn; undefined: they stay. */
  readonly holdTime: number | undefined;
}

/** Runs until standard input ends, or the process is asked to stop. Routes stay: ExaBGP ends its sessions itself. */
export async function feedExabgp(path: string, options: ExabgpOptions, context: Context): Promise<number> {
  const { out } = context;
  const interruption = new Interruption(context);
  const feed = new ExabgpFeed(path, options, context);
  const ended = new Promise<void>((resolve) => {
    context.onInput?.((text) => {
      if (text === undefined) {
        feed.isOver = true;
        resolve();
      } else feed.hear(text);
    });
  });
  while (!feed.isOver && !interruption.requested) {
    const lines = await feed.next();
    if (lines.length > 0) await out.write(lines.map((line) => `${line}\n`).join(''));
    await Promise.race([interruption.sleep(POLL), ended]);
  }
  return 0;
}

class ExabgpFeed {
  isOver = false;
  private readonly routes: ExabgpRoutes;
  private isRepeatDue = false;
  private heard = '';
  /** When the agent answered last. */
  private answered: number;
  private problem: string | undefined;

  constructor(
    private readonly path: string,
    private readonly options: ExabgpOptions,
    private readonly context: Context,
  ) {
    this.routes = new ExabgpRoutes(options);
    this.answered = context.now();
  }

  /** What ExaBGP says: acknowledgements (`done`, `error`), and the states of neighbours where its configuration asks for them. */
  hear(text: string): void {
    const lines = (this.heard + text).split('\n');
    this.heard = lines.pop() ?? '';
    for (const line of lines) {
      if (/^neighbor \S+ (?:.* )?up$/.test(line.trim())) this.isRepeatDue = true;
      if (/^error\b/.test(line.trim())) this.tell(`ExaBGP refuses a route: ${line.trim()}`);
    }
  }

  /** The lines that are due. */
  async next(): Promise<string[]> {
    const repeated = this.isRepeatDue ? this.routes.again() : [];
    this.isRepeatDue = false;
    const report = await this.ask();
    if (report !== undefined) {
      this.answered = this.context.now();
      return [...repeated, ...this.routes.follow(report)];
    }
    const { holdTime = Number.POSITIVE_INFINITY } = this.options;
    if (this.context.now() - this.answered < holdTime) return repeated;
    const lines = this.routes.withdrawAll();
    if (lines.length > 0) this.tell(`no agent for ${holdTime / 1000} s: all routes are withdrawn`);
    return lines;
  }

  /** Undefined while there is no agent that has applied its documents. */
  private async ask(): Promise<AnnounceReport | undefined> {
    try {
      const report = await askAgent<AnnounceReport>(this.path, { about: 'vips' }, PATIENCE);
      this.note(report.ready ? undefined : 'the agent has not applied its documents yet');
      return report.ready || report.withdrawn ? report : undefined;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      this.note(error.message);
      return undefined;
    }
  }

  /** A problem is told once, and its end. */
  private note(problem: string | undefined): void {
    if (problem === this.problem) return;
    this.tell(problem === undefined ? 'the agent answers' : `routes stay as they are: ${problem}`);
    this.problem = problem;
  }

  private tell(line: string): void {
    void this.context.err.write(`lvsadm: ${printable(line)}\n`);
  }
}
