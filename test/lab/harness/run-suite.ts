// One suite in a process of its own, and what it tells about its tests.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { SuiteEvent } from './events.js';

const reporter = join(import.meta.dirname, 'reporter.js');

export interface SuiteRun {
  /** The suite's compiled file. */
  suite: string;
  /** Seconds that it may take. */
  patience: number;
  /** What to run it in. */
  within: (command: string[]) => string[];
  /** Called for each event while the suite runs; the last is its end. */
  tell: (event: SuiteEvent) => void;
}

export async function runSuite({ suite, patience, within, tell }: SuiteRun): Promise<void> {
  const [program = '', ...args] = within([process.execPath, `--test-reporter=${reporter}`, suite]);
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // Node's runner would have the suite report to it.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const late: { late?: number } = {};
  const deadline = setTimeout(() => {
    late.late = patience;
    child.kill('SIGKILL');
  }, patience * 1000);
  const printed = [child.stdout, child.stderr].map((stream) => text(stream as Readable));
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) tell(JSON.parse(line));
  const [status, signal] = await ended;
  clearTimeout(deadline);
  const output = (await Promise.all(printed)).join('');
  if (output) tell({ kind: 'output', text: output });
  tell({ kind: 'end', status, signal, ...late });
}
