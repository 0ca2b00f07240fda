/** Runs programs one after another from a small process that does nothing else, and measures them. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { quote } from '../../lab/job.js';
import { checkout } from '../../lab/paths.js';

const script = join(checkout, 'test/bench/guest/driver');

export interface Run {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds of processor time in user mode and in the kernel; the kernel tells them apart by sampling. */
  readonly user: number;
  readonly system: number;
  readonly output: Buffer;
}

export class Driver implements Disposable {
  readonly #shell: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  /**
   * @param directory where outputs go
   * @param within a command that runs its arguments in a place of their own
   */
  constructor(
    private readonly directory: string,
    within: readonly string[] = [],
  ) {
    const [file = '', ...words] = [...within, 'bash', script, join(directory, 'times')];
    this.#shell = spawn(file, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface(this.#shell.stdout)[Symbol.asyncIterator]();
  }

  /** @throws Error where the program fails or remarks on something */
  async run(command: readonly string[], input = '/dev/null'): Promise<Run> {
    const output = join(this.directory, 'output');
    const errors = join(this.directory, 'errors');
    this.#shell.stdin.write(`${[input, output, errors, ...command].map(quote).join(' ')}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('the driver ended');
    const [status, wall = 0, user = 0, system = 0] = String(value).split(' ').map(Number);
    const remarks = await readFile(errors, 'utf8');
    if (status !== 0 || remarks !== '')
      throw new Error(`${command.join(' ')} ended with status ${status}: ${remarks}`);
    return {
      wall: wall / 1000,
      user: 1000 * user,
      system: 1000 * system,
      output: await readFile(output),
    };
  }

  /** The most memory that the program had at once, in KiB: of a run of its own, for what measures it takes time. */
  async peak(command: readonly string[], input?: string): Promise<number> {
    const told = join(this.directory, 'peak');
    await this.run(['/usr/bin/time', '--format=%M', `--output=${told}`, ...command], input);
    return Number(await readFile(told, 'utf8'));
  }

  [Symbol.dispose](): void {
    this.#shell.stdin.end();
  }
}
