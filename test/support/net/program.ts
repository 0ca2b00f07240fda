/** A program on the director that goes on: its output, and its end. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Host } from './host.js';

export class Program {
  /** Standard output and standard error. */
  output = '';
  private readonly ended: Promise<unknown>;

  constructor(
    host: Host,
    readonly file: string,
    args: string[],
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.child = host.start(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.ended = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (bytes) => {
        this.output += bytes;
      });
  }

  private readonly child: ChildProcess;

  get pid(): number {
    return this.child.pid as number;
  }

  get status(): number | null {
    return this.child.exitCode;
  }

  /** Sends a signal that ends it, and waits for that. @returns its exit status; null after a signal */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    this.child.kill(signal);
    await this.ended;
    return this.child.exitCode;
  }

  /** Waits until it ends by itself. */
  async closed(): Promise<number | null> {
    await this.ended;
    return this.child.exitCode;
  }

  reload(): void {
    this.child.kill('SIGHUP');
  }

  /** Waits for words of its output. @throws Error with the output if it ends before, or takes a minute */
  async says(words: string | RegExp, from = 0): Promise<void> {
    const deadline = Date.now() + 60_000;
    const isThere = () => {
      const text = this.output.slice(from);
      return typeof words === 'string' ? text.includes(words) : words.test(text);
    };
    while (!isThere()) {
      if (this.child.exitCode !== null || Date.now() > deadline)
        throw new Error(`${this.file} did not say ${words}:\n${this.output.slice(-2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
