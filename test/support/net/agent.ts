// The near end of an agent: a process on a host of the network that does there what it is told.
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Calls } from './agent-calls.js';
import type { Host } from './host.js';

export interface Question {
  id: number;
  call: string;
  args: unknown[];
}

export type Answer = { id: number; result: unknown } | { id: number; error: string };

type Waiter = { readonly call: string; resolve(result: unknown): void; reject(error: Error): void };

const program = fileURLToPath(new URL('./agent-process.js', import.meta.url));

/**
 * Just-in-time compilers write code, which an emulator then has to translate again each time: without them an agent is
 * about twice as fast there.
 */
const flags = process.versions['bun'] === undefined ? ['--no-opt', '--no-sparkplug'] : [];

/** One Node process per host for everything, because starting one is the most expensive thing in an emulated guest. */
export class Agent {
  private readonly waiting = new Map<number, Waiter>();
  private asked = 0;

  private constructor(
    private readonly host: Host,
    private readonly child: ChildProcess,
  ) {
    child.on('message', (answer: Answer) => this.settle(answer));
    child.once('error', (error) => this.failAll(error));
    child.once('close', (status, signal) =>
      this.failAll(new Error(`the agent on ${host.name} ended: ${signal ?? status}`)),
    );
  }

  static async start(host: Host): Promise<Agent> {
    const child = host.start(process.execPath, [...flags, program], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Counters are bigints, which JSON could not carry.
      serialization: 'advanced',
    });
    const agent = new Agent(host, child);
    await agent.call('ready');
    return agent;
  }

  /** Calls one of the functions in agent-calls.ts on the host; rejects with what it rejects with. */
  call<Name extends keyof Calls>(
    call: Name,
    ...args: Parameters<Calls[Name]>
  ): Promise<Awaited<ReturnType<Calls[Name]>>> {
    this.asked += 1;
    const question: Question = { id: this.asked, call, args };
    return new Promise((resolve, reject) => {
      this.waiting.set(question.id, { call, resolve: resolve as Waiter['resolve'], reject });
      this.child.send(question, (error) => error && this.failAll(error));
    });
  }

  /** Stops its process with SIGSTOP: what it listens on accepts connections, and nobody answers; or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(signal);
  }

  private settle(answer: Answer): void {
    const waiter = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ('error' in answer) waiter?.reject(new Error(`${this.host.name}: ${waiter.call}: ${answer.error}`));
    else waiter?.resolve(answer.result);
  }

  private failAll(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
