// One suite in a process of its own, and what it tells about its tests.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type DistributionName, distribution, runsSuite } from '../distribution.js';
import type { SuiteEvent } from './events.js';
import { toldByBun } from './told-by-bun.js';
import { reporting, toldByNode } from './told-by-node.js';

/** By the distribution, whose runtime runs the suite: options that make it report, and how to read the report. */
const reports = {
  node: { options: reporting, read: toldByNode },
  standalone: { options: [], read: toldByBun },
} as const;

export interface SuiteRun {
  /** The suite's compiled file. */
  suite: string;
  /** Seconds that it may take. */
  patience: number;
  /** What to run it in. */
  within: (command: string[]) => string[];
  /** The one whose runtime runs it; that of LAB_DISTRIBUTION by default. */
  on?: DistributionName;
  /** Called for each event while the suite runs; the last is its end. */
  tell: (event: SuiteEvent) => void;
}

export async function runSuite(run: SuiteRun): Promise<void> {
  const { suite, patience, within, on = distribution, tell } = run;
  const { options, read } = reports[on];
  const [program = '', ...args] = within(runsSuite(suite, options, on));
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
  for await (const event of read(child)) tell(event);
  const [status, signal] = await ended;
  clearTimeout(deadline);
  tell({ kind: 'end', status, signal, ...late });
}
