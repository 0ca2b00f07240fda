// Runs in the lab: every suite given as an argument, one after the other, each in a process and namespaces of its own.
// Prints what happens as JSON lines (events.ts).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { isolated } from '../isolation.js';
import type { Line, SuiteEvent } from './events.js';

const reporter = join(import.meta.dirname, 'reporter.js');

/** Seconds that one suite may take: several times what the slowest takes in an emulated guest. */
const patience = Number(process.env['LAB_SUITE_TIMEOUT'] ?? 300);

for (const suite of process.argv.slice(2)) {
  await runSuite(suite, (event) => {
    const line: Line = { suite, ...event };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  });
}

async function runSuite(suite: string, tell: (event: SuiteEvent) => void): Promise<void> {
  const [program = '', ...args] = isolated([process.execPath, `--test-reporter=${reporter}`, suite]);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const late: { late?: number } = {};
  const deadline = setTimeout(() => {
    late.late = patience;
    child.kill('SIGKILL');
  }, patience * 1000);
  const printed = [child.stdout, child.stderr].map((stream) => text(stream as Readable));
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) tell(JSON.parse(line));
  const [status, signal] =
    child.exitCode === null && child.signalCode === null
      ? await once(child, 'exit')
      : [child.exitCode, child.signalCode];
  clearTimeout(deadline);
  const output = (await Promise.all(printed)).join('');
  if (output) tell({ kind: 'output', text: output });
  tell({ kind: 'end', status, signal, ...late });
}
